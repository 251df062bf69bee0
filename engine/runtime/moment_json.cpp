// The moment for programs.
#include "engine/runtime/moment_page.hpp"

namespace colo {

namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json json_of(const std::optional<Quote>& quote) {
    if (!quote) return nullptr;
    return {{"price", quote->price.value()}, {"quantity", quote->quantity.value()}};
}

Json json_of(const MarketView& view) {
    return {{"phase", name_of(view.phase)},
            {"bid", view.bid.value()},
            {"ask", view.ask.value()},
            {"bid_quantity", view.bid_quantity.value()},
            {"ask_quantity", view.ask_quantity.value()},
            {"last_trade", view.last_trade.value()},
            {"tick_size", view.tick_size.value()},
            {"position", view.position.value()},
            {"now_ns", view.now.value()},
            {"short_sale_restricted", view.short_sale_restricted}};
}

Json json_of(const std::vector<MomentLevel>& levels) {
    Json shown = Json::array();
    for (const MomentLevel& level : levels) {
        Json own = Json::array();
        for (const MomentLevel::Own& order : level.own)
            own.push_back({{"user_ref_num", order.user_ref_num.value()},
                           {"state", name_of(order.state)},
                           {"leaves", order.leaves.value()},
                           {"ahead", order.ahead ? Json(order.ahead->value()) : Json(nullptr)}});
        shown.push_back({{"price", level.price.value()},
                         {"quantity", level.quantity.value()},
                         {"orders", level.orders},
                         {"own", own}});
    }
    return shown;
}

Json json_of(const MomentRequest& asked) {
    Json rules = Json::array();
    for (const RuleVerdict& verdict : asked.rules)
        rules.push_back({{"rule", describe(verdict.rule).name},
                         {"level", name_of(verdict.level)},
                         {"value", or_null(verdict.value)},
                         {"limit", or_null(verdict.limit)},
                         {"unit", verdict.unit},
                         {"refused", verdict.refused},
                         {"regulation", describe(verdict.rule).regulation}});
    Json shown{{"kind", name_of(asked.request.kind)},
               {"side", std::string(1, static_cast<char>(asked.request.side))},
               {"price", asked.request.price.value()},
               {"quantity", asked.request.quantity.value()},
               {"original", asked.request.original.value()},
               {"rules", rules}};
    shown["refused_by"] = asked.refused_by ? Json(describe(*asked.refused_by).name) : Json(nullptr);
    shown["order"] = asked.sent.name.empty() ? Json(nullptr) : json_of(asked.sent);
    return shown;
}

Json json_of(const MomentDecision& decision, const EngineConfig& config) {
    Json requests = Json::array();
    for (const MomentRequest& asked : decision.requests) requests.push_back(json_of(asked));
    Json shown{{"symbol", config.instruments[decision.view.instrument.value()].symbol}};
    if (decision.wanted) {
        shown["book"] = {{"bids", json_of(decision.bids)}, {"asks", json_of(decision.asks)}};
        shown["inputs"] = json_of(decision.view);
        shown["wanted"] = {{"bid", json_of(decision.wanted->bid)}, {"ask", json_of(decision.wanted->ask)}};
    }
    shown["requests"] = requests;
    return shown;
}

Json json_of(const TimingPayload& timing) {
    return {{"user_ref_num", timing.user_ref_num},  {"receive_time_ns", timing.receive_time_ns},
            {"decoded_ns", timing.decoded_ns},      {"decided_ns", timing.decided_ns},
            {"journaled_ns", timing.journaled_ns}, {"sent_ns", timing.sent_ns}};
}

}  // namespace

nlohmann::ordered_json moment_json(const Moment& moment, const EngineConfig& config) {
    Json inputs = Json::array();
    for (const MomentInput& input : moment.inputs) {
        Json decisions = Json::array();
        for (const MomentDecision& decision : input.decisions) decisions.push_back(json_of(decision, config));
        Json timings = Json::array();
        for (const TimingPayload& timing : input.timings) timings.push_back(json_of(timing));
        inputs.push_back({{"offset", input.offset.value()},
                          {"kind", name_of(input.header.kind)},
                          {"source", name_of(input.header.source)},
                          {"sequence", input.header.sequence},
                          {"receive_time_ns", input.header.receive_time_ns},
                          {"message", json_of(input.message)},
                          {"decisions", decisions},
                          {"timings", timings}});
    }
    return {{"site", moment.segment.identity.site},
            {"trading_day", moment.segment.identity.trading_day},
            {"release_digest", moment.segment.identity.release_digest},
            {"config_digest", moment.segment.identity.config_digest},
            {"sequence", moment.sequence.value()},
            {"order_session", name_of(moment.session)},
            {"killed", moment.killed},
            {"stopped", moment.stopped},
            {"snapshotting", moment.snapshotting},
            {"inputs", inputs},
            {"unmet", moment.unmet}};
}

}  // namespace colo
