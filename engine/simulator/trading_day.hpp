// The plan of a generated trading day: symbols, their order flow, and what happens at fixed times around it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/simulator/generated_session.hpp"
#include "engine/simulator/symbol_flow.hpp"

namespace colo::simulator {

class TradingDay {
public:
    TradingDay(const GeneratedSession& session, SessionWriter& writer);
    void write();
    [[nodiscard]] std::vector<std::string> symbols() const;

private:
    void choose_symbols();
    void write_directory();
    void build_books();
    void open();
    void schedule_day();
    void schedule_halt(std::size_t which, SessionTime begin);
    void trade();
    void close();
    void run_scheduled(SessionTime until);
    void at(SessionTime time, std::function<void()> action) { scheduled_.emplace(time, std::move(action)); }
    void system_event(SessionTime time, char event_code);
    [[nodiscard]] SessionTime next_event_time();
    [[nodiscard]] bool many() const { return session_.messages >= 20'000; }

    GeneratedSession session_;
    SessionWriter* writer_;
    RandomSource random_;
    std::vector<std::unique_ptr<SymbolFlow>> flows_;
    std::vector<double> weights_;
    std::vector<bool> halted_;
    std::multimap<SessionTime, std::function<void()>> scheduled_;
    std::uint64_t first_flow_message_ = 0;
    std::uint64_t flow_messages_ = 0;
    SessionTime time_;
    std::size_t current_ = 0;  // the symbol of the event
};

}  // namespace colo::simulator
