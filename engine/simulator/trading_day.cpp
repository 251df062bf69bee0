// Writing a generated day from its directory to its end.
#include "engine/simulator/trading_day.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "engine/simulator/simulator_error.hpp"

namespace colo::simulator {

namespace {

[[nodiscard]] constexpr SessionTime clock_time(int hours, int minutes, int seconds, std::int64_t nanoseconds = 0) {
    return SessionTime{((hours * 60 + minutes) * 60 + seconds) * 1'000'000'000LL + nanoseconds};
}

constexpr SessionTime market_open = clock_time(9, 30, 0);
constexpr SessionTime market_close = clock_time(16, 0, 0);
constexpr Duration halt_length = seconds(300);

// How busy each half hour of the day is, against a quiet one: the usual U, higher at the open.
constexpr std::array<double, 13> activity{2.6, 1.6, 1.3, 1.1, 1.0, 0.9, 0.85, 0.85, 0.9, 1.0, 1.1, 1.3, 1.9};

struct Listing {
    const char* symbol;
    std::int64_t cents;
    double spread_ticks;
};
// Price levels of a June day of 2012; spreads as wide as their books were.
constexpr std::array<Listing, 10> listings{{{"AMZN", 22'200, 8}, {"AAPL", 58'500, 12}, {"GOOG", 57'000, 18},
                                            {"MSFT", 3'090, 1.5}, {"INTC", 2'740, 1.5}, {"CSCO", 1'735, 1.5},
                                            {"ORCL", 2'880, 1.5}, {"QCOM", 5'720, 2}, {"NVDA", 1'320, 1.5},
                                            {"AMGN", 7'120, 3}}};

// The time by which a fraction of the day's messages have come.
[[nodiscard]] SessionTime scheduled_time(double fraction) {
    double total = 0;
    for (const double weight : activity) total += weight;
    double left = fraction * total;
    std::size_t slot = 0;
    while (slot + 1 < activity.size() && left > activity[slot]) left -= activity[slot++];
    const double slots = static_cast<double>(slot) + std::min(1.0, left / activity[slot]);
    return market_open + nanoseconds(static_cast<std::int64_t>(slots * 1800e9));
}

}  // namespace

TradingDay::TradingDay(const GeneratedSession& session, SessionWriter& writer)
    : session_(session), writer_(&writer), random_(mixed(session.seed) ^ 0xDA7) {
    choose_symbols();
    if (session_.messages < 200 + 300 * session_.symbols) {
        throw SimulatorError("--messages " + std::to_string(session_.messages) + ": a day of " +
                             std::to_string(session_.symbols) + " symbols has at least " +
                             std::to_string(200 + 300 * session_.symbols) + " messages");
    }
}

void TradingDay::choose_symbols() {
    if (session_.symbols < 1 || session_.symbols > 60'000) {
        throw SimulatorError("--symbols " + std::to_string(session_.symbols) + ": must be from 1 to 60000");
    }
    for (std::uint64_t i = 0; i < session_.symbols; ++i) {
        SymbolFlow::Parameters parameters;
        if (i < listings.size()) {
            parameters.symbol = listings[i].symbol;
            parameters.opening_price = Price{listings[i].cents * 100};
            parameters.spread_ticks = listings[i].spread_ticks;
        } else {
            const std::string number = std::to_string(i + 1);
            parameters.symbol = "SYM" + std::string(5 - number.size(), '0') + number;
            const std::int64_t dollars = random_.between(8, 300);
            parameters.opening_price = Price{dollars * 10'000};
            parameters.spread_ticks = dollars > 100 ? 5 : 1.5;
        }
        parameters.locate = Locate{static_cast<std::uint16_t>(i + 1)};
        flows_.push_back(std::make_unique<SymbolFlow>(parameters, mixed(session_.seed) + mixed(i + 1), *writer_));
        weights_.push_back(1.0 / (1.0 + 0.8 * static_cast<double>(i)));
    }
    halted_.assign(flows_.size(), false);
}

void TradingDay::write() {
    write_directory();
    build_books();
    open();
    schedule_day();
    trade();
    close();
}

std::vector<std::string> TradingDay::symbols() const {
    std::vector<std::string> names;
    for (const auto& flow : flows_) names.push_back(flow->parameters().symbol);
    return names;
}

void TradingDay::system_event(SessionTime time, char event_code) {
    itch50::SystemEvent event;
    event.event_code = event_code;
    writer_->write(event, Locate{0}, time);
}

void TradingDay::write_directory() {
    system_event(clock_time(3, 2, 0, 31'415'926), 'O');
    SessionTime time = clock_time(3, 5, 0, 271'828'182);
    for (const auto& flow : flows_) {
        const SymbolFlow::Parameters& symbol = flow->parameters();
        time += microseconds(3);
        itch50::StockDirectory directory;
        directory.stock = symbol.symbol;
        directory.market_category = 'Q';
        directory.financial_status_indicator = 'N';
        directory.round_lot_size = 100;
        directory.issue_sub_type = "Z";
        directory.short_sale_threshold_indicator = 'N';
        directory.ipo_flag = 'N';
        directory.luld_reference_price_tier = '1';
        directory.etp_flag = 'N';
        writer_->write(directory, symbol.locate, time);
        flow->act(time, 'T', "");
        itch50::RegShoRestriction restriction;
        restriction.stock = symbol.symbol;
        writer_->write(restriction, symbol.locate, time);
        for (const char* participant : {"MMKA", "MMKB"}) {
            itch50::MarketParticipantPosition position;
            position.mpid = participant;
            position.stock = symbol.symbol;
            position.primary_market_maker = 'Y';
            writer_->write(position, symbol.locate, time);
        }
    }
    system_event(clock_time(4, 0, 0, 18'281'828), 'S');
    itch50::MwcbDeclineLevel levels;  // 7, 13 and 20 percent below an index of 1355.69, in 1e-8 points
    levels.level_1 = 126'079'170'000;
    levels.level_2 = 117'945'030'000;
    levels.level_3 = 108'455'200'000;
    writer_->write(levels, Locate{0}, clock_time(9, 25, 0));
}

void TradingDay::build_books() {
    const std::uint64_t orders = std::min<std::uint64_t>(200, session_.messages / (8 * session_.symbols));
    const auto step = nanoseconds(clock_time(0, 4, 50).value() / static_cast<std::int64_t>(orders + 1));
    const std::uint64_t indications = many() ? 8 : 2;
    std::uint64_t indicated = 0;
    SessionTime time = clock_time(9, 25, 1);
    for (std::uint64_t i = 0; i < orders; ++i) {
        time += step;
        for (const auto& flow : flows_) flow->build(time + microseconds(random_.between(0, 400'000)));
        if (i * 2 < orders || indicated * orders > (2 * i - orders) * indications) continue;
        ++indicated;
        for (const auto& flow : flows_) flow->indicate(writer_->now(), 'O');
    }
}

void TradingDay::open() {
    system_event(market_open, 'Q');
    SessionTime time = market_open;
    for (const auto& flow : flows_) flow->cross(time += microseconds(random_.between(20'000, 180'000)), 'O');
    time_ = writer_->now();
}

void TradingDay::schedule_day() {
    const int seconds_between = many() ? 15 : 200;
    for (SessionTime time = clock_time(15, 50, 0); time < market_close; time += seconds(seconds_between)) {
        for (std::size_t i = 0; i < flows_.size(); ++i) {
            at(time + microseconds(37 * static_cast<std::int64_t>(i)), [this, i] {
                if (!halted_[i]) flows_[i]->indicate(time_, 'C');
            });
        }
    }
    const std::uint64_t halts = std::clamp<std::uint64_t>(session_.symbols, 2, 8);
    for (std::uint64_t i = 0; i < halts; ++i) {
        // In different parts of the day, so that a symbol is never halted twice at once.
        const auto part = static_cast<std::int64_t>(19'200 / halts);
        const std::int64_t offset = static_cast<std::int64_t>(i) * part + random_.between(0, part - 400);
        const SessionTime begin = clock_time(9, 45, 0) + seconds(offset);
        schedule_halt(random_.below(flows_.size()), begin);
    }
    const std::uint64_t broken = std::clamp<std::uint64_t>(session_.messages / 100'000, 2, 50);
    for (std::uint64_t i = 0; i < broken; ++i) {
        const std::size_t which = random_.below(flows_.size());
        const SessionTime time = clock_time(10, 0, 0) + milliseconds(random_.between(0, 20'000'000));
        at(time, [this, which] { flows_[which]->break_trade(time_); });
    }
}

// A volatility pause (LULD): halted, then quotation only, then a cross and continuous trading again.
void TradingDay::schedule_halt(std::size_t which, SessionTime begin) {
    at(begin, [this, which] {
        halted_[which] = true;
        flows_[which]->act(time_, 'P', "LUDP");
    });
    for (int i = 0; i < 4; ++i) {
        at(begin + seconds(240 + 15 * i), [this, which] { flows_[which]->indicate(time_, 'H'); });
    }
    at(begin + seconds(239), [this, which] { flows_[which]->act(time_, 'Q', "LUDP"); });
    at(begin + halt_length, [this, which] {
        flows_[which]->cross(time_, 'H');
        flows_[which]->act(time_, 'T', "LUDP");
        halted_[which] = false;
    });
}

void TradingDay::run_scheduled(SessionTime until) {
    while (!scheduled_.empty() && scheduled_.begin()->first <= until) {
        time_ = std::max(time_, scheduled_.begin()->first);
        const auto action = std::move(scheduled_.begin()->second);
        scheduled_.erase(scheduled_.begin());
        action();
    }
}

// Most messages follow the one before closely: quotes move together, and one trade causes the next message.
SessionTime TradingDay::next_event_time() {
    const double drawn = random_.uniform();
    if (drawn < 0.35) return time_ + nanoseconds(300 + static_cast<std::int64_t>(random_.exponential() * 4'000));
    if (drawn < 0.70) return time_ + nanoseconds(5'000 + static_cast<std::int64_t>(random_.exponential() * 300'000));
    const auto written = static_cast<double>(writer_->count() - first_flow_message_);
    const double done = written / static_cast<double>(flow_messages_);
    const double ahead = 4.5 / static_cast<double>(flow_messages_);
    const Duration due = scheduled_time(std::min(1.0, done + ahead)) - time_;
    const std::int64_t mean = std::max<std::int64_t>(20'000, due.value());
    return time_ + nanoseconds(static_cast<std::int64_t>(random_.exponential() * static_cast<double>(mean)));
}

void TradingDay::trade() {
    first_flow_message_ = writer_->count();
    // What closes the day, and what stands in the schedule, is kept room for.
    const std::uint64_t closing = 3 + 24 + 3 * flows_.size();
    const auto reserved = [&] { return closing + 3 * scheduled_.size(); };
    flow_messages_ = session_.messages - std::min(session_.messages - 1, first_flow_message_ + reserved());
    while (writer_->count() + reserved() < session_.messages) {
        const SessionTime next = std::min(next_event_time(), market_close - nanoseconds(1));
        run_scheduled(next);
        time_ = std::max(time_, next);
        if (random_.chance(0.4)) current_ = random_.weighted(weights_);
        if (!halted_[current_]) flows_[current_]->trade(time_);
        else if (random_.chance(0.05)) flows_[current_]->withdraw(time_);
        else current_ = random_.weighted(weights_);
    }
    run_scheduled(market_close);
    time_ = std::max(time_, market_close);
}

void TradingDay::close() {
    system_event(market_close, 'M');
    for (const auto& flow : flows_) flow->cross(time_ += microseconds(random_.between(20'000, 60'000)), 'C');
    // Orders are withdrawn after the close, as many as make the session's length exact.
    while (writer_->count() + 2 < session_.messages) {
        time_ += microseconds(random_.between(100, 40'000));
        flows_[random_.below(flows_.size())]->withdraw(time_);
    }
    system_event(clock_time(20, 0, 0), 'E');
    system_event(clock_time(20, 5, 0), 'C');
}

}  // namespace colo::simulator
