// Writing the drop copy of drop_copy.hpp.
#include "engine/simulator/drop_copy.hpp"

#include <fstream>
#include <unordered_map>

#include "engine/core/overloaded.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/simulator/simulator_error.hpp"

namespace colo::simulator {

namespace {

// What an execution does not repeat of its order, and a broken trade of its execution.
struct Order {
    std::string symbol;
    char side;
};
struct Execution {
    Quantity quantity;
    Price price;
};

class DropCopy {
public:
    explicit DropCopy(std::ostream& out) : out_(out) {
        out_ << "kind,time_ns,user_ref_num,match_number,symbol,side,quantity,price\n";
    }

    void take(Bytes answer) {
        const auto malformed = ouch50::visit_outbound(
            answer, Overloaded{[&](const ouch50::OrderAccepted& m, ouch50::Appendage) { know(m); },
                               [&](const ouch50::OrderReplaced& m, ouch50::Appendage) { know(m); },
                               [&](const ouch50::OrderExecuted& m, ouch50::Appendage) {
                                   const Execution execution{m.quantity, m.price};
                                   executions_[m.match_number.get().value()] = execution;
                                   write("executed", m, execution);
                               },
                               [&](const ouch50::BrokenTrade& m, ouch50::Appendage) {
                                   write("broken", m, executions_.at(m.match_number.get().value()));
                               },
                               [](const auto&, ouch50::Appendage) {}});
        if (malformed) throw SimulatorError("an answer of this venue is no OUCH message");
    }

private:
    template <class Message>
    void know(const Message& m) {
        orders_[m.user_ref_num.get().value()] = {std::string(m.symbol.view()),
                                                 static_cast<char>(ouch50::side_of(m.side))};
    }
    template <class Message>
    void write(const char* kind, const Message& m, const Execution& execution) {
        const Order& order = orders_.at(m.user_ref_num.get().value());
        out_ << kind << ',' << m.timestamp.get().value() << ',' << m.user_ref_num.get().value() << ','
             << m.match_number.get().value() << ',' << order.symbol << ',' << order.side << ','
             << execution.quantity.value() << ',' << execution.price.value() << '\n';
    }

    std::ostream& out_;
    std::unordered_map<std::uint32_t, Order> orders_;
    std::unordered_map<std::uint64_t, Execution> executions_;
};

}  // namespace

void write_drop_copy(const Exchange& exchange, const std::filesystem::path& file) {
    const std::filesystem::path staging = file.string() + ".part";
    std::ofstream stream(staging);
    DropCopy copy(stream);
    for (std::uint64_t sequence = 1; sequence < exchange.answers().next(); ++sequence)
        copy.take(exchange.answers().message(sequence));
    stream.close();
    std::error_code error;
    if (stream) std::filesystem::rename(staging, file, error);
    if (!stream || error) throw SimulatorError(file.string() + ": the drop copy cannot be written");
}

}  // namespace colo::simulator
