// What a gateway counts, and the names under which its telemetry block shows it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/orders/risk.hpp"
#include "engine/runtime/telemetry.hpp"

namespace colo {

// Why an engine's session ended.
enum class EngineLoss : std::uint8_t {
    logged_out,
    gone,            // its process ended or closed the connection
    stalled,
    refused_order,   // by the risk gate
    refused_message, // that no engine sends
    venue_down,      // the venue's session broke, so the engine's does
    gateway_ends,
};
inline constexpr std::array<const char*, 7> engine_loss_names = {
    "logged_out", "gone", "stalled", "refused_order", "refused_message", "venue_down", "gateway_ends"};

struct GatewayCounts {
    std::uint64_t logins = 0;
    std::uint64_t passed = 0;   // messages of the engine that were sent
    std::uint64_t late = 0;     // for orders that had ended
    std::uint64_t cancels = 0;  // the gateway's own
    std::uint64_t answers = 0;
    std::uint64_t malformed_answers = 0;
    std::array<std::uint64_t, engine_loss_names.size()> losses{};
    Duration last_cancel;       // from noticing the latest loss to the return of its last cancel's send

    [[nodiscard]] std::uint64_t lost(EngineLoss loss) const { return losses[static_cast<std::size_t>(loss)]; }
};

enum class GatewayStage : std::size_t {
    read_to_sent,         // an order of the engine: from the ring to the return of its send
    loss_to_last_cancel,  // the engine's loss to the return of the last cancel's send
};
[[nodiscard]] inline std::vector<std::string> gateway_stage_names() { return {"read_to_sent", "loss_to_last_cancel"}; }

// Calls visit(name, value) for each counter, always the same ones in the same order.
template <class Visit>
void for_each_gateway_counter(const GatewayCounts& counts, const RiskGate& gate, std::size_t open, Visit&& visit) {
    visit("engine/logins", counts.logins);
    for (std::size_t i = 0; i < counts.losses.size(); ++i) visit(std::string("engine/") + engine_loss_names[i], counts.losses[i]);
    visit("orders/passed", counts.passed);
    visit("orders/late", counts.late);
    visit("orders/own_cancels", counts.cancels);
    visit("orders/answers", counts.answers);
    visit("orders/malformed_answers", counts.malformed_answers);
    visit("orders/open", std::uint64_t{open});
    for (const RiskRuleName& rule : risk_rule_names) visit("refused/" + std::string(rule.name), gate.rejects(rule.rule));
}

}  // namespace colo
