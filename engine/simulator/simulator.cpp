// Waiting, playing and ending.
#include "engine/simulator/simulator.hpp"

#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "engine/simulator/simulator_error.hpp"

namespace colo::simulator {

namespace {

constexpr Duration attend_interval = milliseconds(1);
// In lockstep a receiver that waits for a lost packet learns of it from the next heartbeat.
constexpr Duration heartbeat_lockstep = milliseconds(1);
constexpr Duration heartbeat = milliseconds(100);
constexpr Duration progress_interval = seconds(1);
constexpr Duration end_of_session_interval = milliseconds(10);
// How long a client that has come back may take to report before the old report counts again.
constexpr Duration report_wait = milliseconds(250);

[[nodiscard]] Timestamp monotonic_now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return Timestamp{time.tv_sec * 1'000'000'000 + time.tv_nsec};
}

}  // namespace

Simulator::Simulator(const Config& config, Exchange& exchange, const std::atomic<bool>& stop,
                     std::function<void(const std::string&)> notice, std::function<void(const Progress&)> progress)
    : config_(&config), exchange_(&exchange), stop_(&stop), tell_(std::move(progress)), player_(config, exchange),
      rerequest_(config, exchange), snapshot_(config, exchange), order_entry_(config, exchange, std::move(notice)),
      waiter_(config.wait) {
    for (const int descriptor :
         {rerequest_.descriptor(), order_entry_.listener_descriptor(), snapshot_.listener_descriptor()}) {
        waiter_.watch(descriptor);
    }
    last_told_ = client_seen_ = monotonic_now();
}

Progress Simulator::run() {
    player_.start(exchange_->position(), monotonic_now());
    if (player_.lockstep()) order_entry_.hold_orders();
    wait_for_client();
    playing_ = true;
    while (!*stop_ && !player_.all_received()) turn();
    if (!*stop_) end();
    return progress();
}

void Simulator::wait_for_client() {
    while (!*stop_ && !(order_entry_.logged_in() && (first_report_ || !player_.lockstep()))) {
        const Timestamp now = monotonic_now();
        take_report();
        if (now - last_attended_ >= attend_interval) attend(now);
        ::usleep(500);  // nothing is fast before the client has come
    }
    if (*stop_) return;
    // The client can be further than this venue only where the venue's journal was lost with the machine.
    const SequenceNumber end{exchange_->message_count()};
    const SequenceNumber reported = first_report_ ? std::min(*first_report_ - 1, end) : SequenceNumber{0};
    const Timestamp now = monotonic_now();
    order_entry_.receive(now);  // what the client sent with its report belongs to that place
    exchange_->play_to(reported);
    order_entry_.release_orders(now);
    player_.start(exchange_->position(), now);
    if (first_report_) player_.reported(*first_report_);
}

void Simulator::take_report() {
    const auto report = rerequest_.receive();
    if (!report || *report < SequenceNumber{1}) return;
    if (playing_) {
        player_.reported(*report);
        order_entry_.receive(monotonic_now());
    } else {
        first_report_ = report;
    }
}

void Simulator::turn() {
    const Timestamp now = monotonic_now();
    const bool ready = !player_.lockstep() || (order_entry_.logged_in() && !order_entry_.answers_pending());
    if (ready && player_.due(now)) {
        // The answers leave before the packet: a client that drains its order session first then knows its fills.
        exchange_->play_to(player_.next_last());
        order_entry_.send_answers(now);
        player_.send_next(now);
    }
    take_report();
    if (!player_.lockstep()) order_entry_.receive(now);
    if (now - last_attended_ >= attend_interval) attend(now);
    if (!player_.due(now)) waiter_.wait();
}

void Simulator::attend(Timestamp now) {
    last_attended_ = now;
    order_entry_.attend(now);
    snapshot_.attend(now);
    watch_client();
    require_client(now);
    if (!finished_) player_.keep_alive(now, playing_ && player_.lockstep() ? heartbeat_lockstep : heartbeat);
    if (now - last_told_ < progress_interval) return;
    last_told_ = now;
    tell_(progress());
}

void Simulator::watch_client() {
    if (order_entry_.logged_in()) client_seen_ = last_attended_;
    if (logins_seen_ == order_entry_.logins()) return;
    logins_seen_ = order_entry_.logins();
    login_time_ = last_attended_;
    waiter_.watch(order_entry_.client_descriptor());
    if (playing_ && player_.lockstep()) player_.hold_until_reported(last_attended_ + report_wait);
}

void Simulator::require_client(Timestamp now) const {
    if (finished_ || (playing_ && !player_.lockstep())) return;
    const std::string place = " at message " + std::to_string(exchange_->position().value()) + " of " +
                              std::to_string(exchange_->message_count());
    const std::string bound = std::to_string(config_->client_wait.value() / 1'000'000'000) + " s";
    if (now - client_seen_ > config_->client_wait) {
        throw SimulatorError("no client was logged in on the order session, port " +
                             std::to_string(config_->order_entry.endpoint.port) + ", for " + bound + place);
    }
    const Timestamp heard = std::max(login_time_, player_.last_advance());
    if (order_entry_.logged_in() && player_.lockstep() && now - heard > config_->client_wait) {
        throw SimulatorError("the client has reported nothing on the re-request port, " +
                             std::to_string(config_->rerequest.port) + ", for " + bound + place);
    }
}

void Simulator::end() {
    finished_ = true;
    const Timestamp start = monotonic_now();
    Timestamp next_packet = start;
    for (Timestamp now = start; !*stop_ && now - start < config_->end_wait; now = monotonic_now()) {
        if (now >= next_packet) {
            player_.send_end_of_session();
            next_packet = now + end_of_session_interval;
        }
        take_report();
        if (now - last_attended_ >= attend_interval) attend(now);
        if (!order_entry_.logged_in()) return;
        waiter_.wait();
    }
    order_entry_.end_session(monotonic_now());
}

Progress Simulator::progress() const {
    const Matching::Counts& counts = exchange_->matching().counts();
    Progress progress;
    progress.played = exchange_->position().value();
    progress.messages = exchange_->message_count();
    progress.orders = counts.orders;
    progress.fills = counts.fills;
    progress.done = finished_;
    progress.rejects = counts.rejects;
    progress.malformed = counts.malformed;
    progress.packets = player_.packets();
    progress.packets_lost = player_.lost();
    progress.rerequests = rerequest_.requests();
    progress.rerequested_messages = rerequest_.messages();
    progress.snapshots = snapshot_.served();
    progress.orphans = counts.orphans;
    progress.impossible = counts.impossible;
    return progress;
}

}  // namespace colo::simulator
