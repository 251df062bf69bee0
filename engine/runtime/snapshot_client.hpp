// Fetches a snapshot (GLIMPSE 5.0) whole before anything of it is used: a snapshot that breaks off leaves no trace.
//
// Recovery is no hot path, so memory is taken here as it comes, up to a bound.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/core/wire.hpp"
#include "engine/protocol/glimpse50.hpp"
#include "engine/runtime/soup_client.hpp"

namespace colo {

template <Connection C>
class SnapshotClient {
public:
    enum class State : std::uint8_t { idle, fetching, complete, failed };

    SnapshotClient(C& connection, const LoginConfig& login, const SoupTimings& timings)
        : connection_(connection), login_(login), timings_(timings) {}

    void start() {
        if (client_) client_->log_out();
        bytes_.clear();
        ends_.clear();
        client_.emplace(connection_, login_, 1, timings_);
        state_ = State::fetching;
    }
    void poll(Timestamp now) {
        if (state_ != State::fetching) return;
        client_->poll(now, *this);
        if (state_ == State::fetching && client_->state() == SoupClient<C>::State::failed) state_ = State::failed;
        if (state_ != State::fetching) client_->log_out();
    }
    void reset() { state_ = State::idle; }

    [[nodiscard]] State state() const { return state_; }
    // The message of the feed that follows. Precondition: complete.
    [[nodiscard]] SequenceNumber next_sequence() const { return next_; }
    template <class Visit>
    void for_each_message(Visit&& visit) const {
        std::size_t begin = 0;
        for (const std::size_t end : ends_) {
            visit(Bytes(bytes_).subspan(begin, end - begin));
            begin = end;
        }
    }

    // As the handler of its SoupClient.
    void on_up() {}
    void on_down(const char*) { state_ = State::failed; }
    void on_end_of_session() {
        if (state_ == State::fetching) state_ = State::failed;
    }
    void on_sequenced(std::uint64_t, Bytes message) {
        if (state_ != State::fetching || message.empty()) return;  // an empty one says nothing
        if (glimpse50::end_of_snapshot(message)) {
            const auto next = overlay<glimpse50::EndOfSnapshot>(message).sequence_number.get();
            state_ = next ? State::complete : State::failed;
            next_ = SequenceNumber{next.value_or(0)};
            return;
        }
        if (bytes_.size() + message.size() > bytes_max) {
            state_ = State::failed;
            return;
        }
        bytes_.insert(bytes_.end(), message.begin(), message.end());
        ends_.push_back(bytes_.size());
    }

private:
    static constexpr std::size_t bytes_max = std::size_t{1} << 31;

    C& connection_;
    LoginConfig login_;
    SoupTimings timings_;
    std::optional<SoupClient<C>> client_;
    State state_{State::idle};
    std::vector<std::byte> bytes_;
    std::vector<std::size_t> ends_;
    SequenceNumber next_;
};

}  // namespace colo
