// An order session and a market in memory for benchmarks of the whole engine: the venue accepts every order, and what the
// engine sends is counted where a socket would take it.
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <unistd.h>

#include "engine/protocol/itch50.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/protocol/soupbintcp.hpp"
#include "engine/runtime/trading_engine.hpp"

namespace colo::bench {

// Bytes that the engine writes are scanned for cancels and, where wanted, answered; what it reads is what was answered.
class MemoryOrderSession {
public:
    std::size_t cancels = 0;
    std::size_t orders = 0;
    bool answering = true;

    void open() {}
    [[nodiscard]] StreamStatus opened() const { return StreamStatus::open; }
    [[nodiscard]] static std::string place() { return "memory"; }
    void close() {}
    [[nodiscard]] StreamResult read(MutableBytes into) {
        const std::size_t bytes = std::min(into.size(), unread_.size() - read_);
        std::copy_n(unread_.begin() + static_cast<std::ptrdiff_t>(read_), bytes, into.begin());
        read_ += bytes;
        if (read_ == unread_.size()) unread_.clear(), read_ = 0;
        return {bytes, bytes > 0 ? StreamStatus::open : StreamStatus::would_block};
    }
    [[nodiscard]] StreamResult write(Bytes from) {
        for (std::size_t at = 0; at + sizeof(soupbintcp::PacketHeader) <= from.size();) {
            const auto& header = overlay<soupbintcp::PacketHeader>(from.data() + at);
            const std::size_t length = 2 + header.packet_length.get();
            on_packet(from.subspan(at, length));
            at += length;
        }
        return {from.size(), StreamStatus::open};
    }

private:
    void on_packet(Bytes packet) {
        const char type = static_cast<char>(packet[2]);
        if (type == soupbintcp::LoginRequest::type) {
            soupbintcp::LoginAccepted accepted;
            accepted.session = "BENCH";
            accepted.sequence_number = 1;
            append(bytes_of(accepted));
        }
        if (type != soupbintcp::unsequenced_data_type) return;
        const Bytes message = packet.subspan(sizeof(soupbintcp::PacketHeader));
        const char kind = static_cast<char>(message[0]);
        if (kind == ouch50::CancelOrder::type) ++cancels;
        if (kind == ouch50::AccountQuery::type) {
            ouch50::AccountQueryResponse response;
            response.next_user_ref_num = UserRefNum{1};
            answer(bytes_of(response));
        }
        if (kind == ouch50::EnterOrder::type) accept(overlay<ouch50::EnterOrder>(message.data()));
    }
    void accept(const ouch50::EnterOrder& order) {
        ++orders;
        if (!answering) return;
        ouch50::OrderAccepted accepted;
        accepted.user_ref_num = order.user_ref_num;
        accepted.side = order.side;
        accepted.quantity = order.quantity;
        accepted.symbol = order.symbol;
        accepted.price = order.price;
        answer(bytes_of(accepted));
    }
    void answer(Bytes message) {
        std::array<std::byte, 256> buffer;
        append(Bytes(buffer.data(), soupbintcp::encode(buffer, soupbintcp::sequenced_data_type, message)));
    }
    void append(Bytes bytes) { unread_.insert(unread_.end(), bytes.begin(), bytes.end()); }

    std::vector<std::byte> unread_;
    std::size_t read_ = 0;
};

struct MemoryNetwork {
    MemoryOrderSession order_session;
    MemoryOrderSession snapshot_session;

    [[nodiscard]] std::size_t line_count() const { return 0; }
    [[nodiscard]] std::span<const Datagram> receive(std::size_t) { return {}; }
    [[nodiscard]] std::span<const Datagram> receive_rerequested() { return {}; }
    void request(Bytes) {}
    [[nodiscard]] MemoryOrderSession& orders() { return order_session; }
    [[nodiscard]] MemoryOrderSession& snapshot() { return snapshot_session; }
    void wait() {}
};

// Copies each record with its header, as the hot segment of a journal takes it.
class CopyingRecorder {
public:
    void sync_soon() {}
    [[nodiscard]] static bool synced() { return true; }
    [[nodiscard]] bool append(const RecordFields& fields, Bytes payload) {
        if (at_ + record_bytes(payload.size()) > memory_.size()) at_ = 0;
        RecordHeader header{};
        header.length = static_cast<std::uint32_t>(payload.size());
        header.receive_time_ns = fields.receive_time.value();
        header.sequence = fields.sequence.value();
        header.kind = fields.kind;
        header.source = fields.source;
        header.crc32c = record_crc32c(header, payload);
        std::memcpy(memory_.data() + at_, &header, sizeof header);
        std::memcpy(memory_.data() + at_ + sizeof header, payload.data(), payload.size());
        at_ += record_bytes(payload.size());
        return true;
    }
    [[nodiscard]] static bool failed() { return false; }
    [[nodiscard]] static std::string failure() { return {}; }

private:
    std::vector<std::byte> memory_ = std::vector<std::byte>(1 << 22);
    std::size_t at_ = 0;
};

// A configuration of so many instruments with limits that nothing here reaches.
[[nodiscard]] inline EngineConfig wide_config(std::size_t instruments, const std::string& strategy) {
    EngineConfig config;
    config.tables = {.resting_orders = 1 << 16, .own_orders = 1 << 12};
    config.mold_session = "BENCH";
    config.clock = ClockKind::host;
    config.channels.resize(1);
    config.channels[0].rerequest = {{}, 100, 1, milliseconds(10)};
    config.order_session.heartbeat = seconds(60);
    StrategyConfig placed{strategy, "none", {}, JsonField::parse("{}", "bench")};
    RiskLimits limits;
    limits.messages_max = 1'000'000;
    limits.message_window = milliseconds(1);
    for (std::size_t i = 0; i < instruments; ++i) {
        InstrumentConfig instrument;
        instrument.id = InstrumentId{static_cast<std::int32_t>(i + 1)};
        instrument.symbol = "S" + std::to_string(i + 1);
        instrument.locate = Locate{static_cast<std::uint16_t>(i + 1)};
        instrument.tick_size = Price{100};
        instrument.lot_size = Quantity{100};
        config.instruments.push_back(instrument);
        placed.instruments.push_back(InstrumentIndex{static_cast<std::uint32_t>(i)});
    }
    for (const RiskLevel level : {RiskLevel::firm, RiskLevel::account, RiskLevel::session})
        config.risk.push_back({level, "bench", limits});
    config.strategies.push_back(placed);
    return config;
}

}  // namespace colo::bench
