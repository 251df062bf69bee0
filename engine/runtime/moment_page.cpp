// The moment as a page: one part below the other, in the order in which things happened.
#include "engine/runtime/moment_page.hpp"

#include <cstdarg>
#include <cstdio>

namespace colo {

namespace {

class Page {
public:
    [[gnu::format(printf, 2, 3)]] void line(const char* format, ...) {
        char text[512];
        std::va_list arguments;
        va_start(arguments, format);
        std::vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        text_ += text;
        text_ += '\n';
    }
    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    std::string text_;
};

// In the rule's own unit: money in dollars, all else as it is.
std::string text_of_figure(const std::optional<std::int64_t>& value, std::string_view unit, const char* none) {
    if (!value) return none;
    if (unit == "1e-4 USD") return price_text(*value) + " USD";
    return std::to_string(*value) + " " + std::string(unit);
}

void show_rule(Page& page, const RuleVerdict& verdict) {
    const bool compares = !verdict.unit.empty();
    page.line("      %-7s %-21s %-10s %22s%s%s", verdict.refused ? "REFUSED" : "passed",
              describe(verdict.rule).name.data(), name_of(verdict.level).data(),
              compares ? text_of_figure(verdict.value, verdict.unit, "-").c_str() : verdict.refused ? "found" : "not found",
              compares ? "  limit " : "", compares ? text_of_figure(verdict.limit, verdict.unit, "none").c_str() : "");
}

std::string quote_text(const std::optional<Quote>& quote) {
    return quote ? std::to_string(quote->quantity.value()) + " @ " + price_text(quote->price.value()) : "nothing";
}

void show_fields(Page& page, const ShownMessage& message, const char* indent) {
    for (const ShownField& field : message.fields)
        page.line("%s%-34s %s", indent, field.name.c_str(), field.text.c_str());
}

std::string own_text(const MomentLevel& level) {
    std::string text;
    for (const MomentLevel::Own& own : level.own) {
        text += (text.empty() ? "  <- " : ", ") + std::string("ours: ") + std::to_string(own.leaves.value()) +
                " (order " + std::to_string(own.user_ref_num.value()) + ", " + std::string(name_of(own.state));
        text += own.ahead ? ", " + std::to_string(own.ahead->value()) + " ahead)" : ")";
    }
    return text;
}

void show_side(Page& page, const char* name, const std::vector<MomentLevel>& levels) {
    if (levels.empty()) page.line("      %-4s nothing", name);
    for (const MomentLevel& level : levels)
        page.line("      %-4s %12s  %8lld in %u order%s%s", name, price_text(level.price.value()).c_str(),
                  static_cast<long long>(level.quantity.value()), level.orders, level.orders == 1 ? "" : "s",
                  own_text(level).c_str());
}

void show_inputs(Page& page, const MarketView& view) {
    page.line("    What the strategy saw");
    page.line("      phase %s, bid %lld @ %s, ask %lld @ %s, last trade %s, tick %s", name_of(view.phase).data(),
              static_cast<long long>(view.bid_quantity.value()), price_text(view.bid.value()).c_str(),
              static_cast<long long>(view.ask_quantity.value()), price_text(view.ask.value()).c_str(),
              price_text(view.last_trade.value()).c_str(), price_text(view.tick_size.value()).c_str());
    page.line("      position %lld, engine's clock %lld ns%s", static_cast<long long>(view.position.value()),
              static_cast<long long>(view.now.value()),
              view.short_sale_restricted ? ", short sales are restricted" : "");
}

void show_request(Page& page, const MomentRequest& asked) {
    const OrderRequest& request = asked.request;
    const char* const side = request.side == Side::buy ? "buy" : "sell";
    const std::string price = price_text(request.price.value());
    if (request.kind == OrderRequest::Kind::cancel)
        page.line("    Asked: cancel order %u, %s @ %s (no rule refuses what reduces risk)", request.original.value(), side,
                  price.c_str());
    else if (request.kind == OrderRequest::Kind::replace)
        page.line("    Asked: replace order %u by %s %lld @ %s", request.original.value(), side,
                  static_cast<long long>(request.quantity.value()), price.c_str());
    else
        page.line("    Asked: %s %lld @ %s", side, static_cast<long long>(request.quantity.value()), price.c_str());
    for (const RuleVerdict& verdict : asked.rules) show_rule(page, verdict);
    if (asked.refused_by) {
        page.line("    Refused by %s: %s", describe(*asked.refused_by).name.data(),
                  describe(*asked.refused_by).regulation.data());
    } else if (!asked.sent.name.empty()) {
        page.line("    Left: %s", asked.sent.name.c_str());
        show_fields(page, asked.sent, "      ");
    }
}

void show_decision(Page& page, const MomentDecision& decision, const EngineConfig& config) {
    page.line("  %s", config.instruments[decision.view.instrument.value()].symbol.c_str());
    if (decision.wanted) {
        page.line("    Book");
        // As it stands on a screen: asks above bids, the best next to each other.
        show_side(page, "ask", {decision.asks.rbegin(), decision.asks.rend()});
        show_side(page, "bid", decision.bids);
        show_inputs(page, decision.view);
        page.line("    What it wanted: bid %s, ask %s", quote_text(decision.wanted->bid).c_str(),
                  quote_text(decision.wanted->ask).c_str());
    }
    if (decision.requests.empty()) page.line("    Nothing was asked for");
    for (const MomentRequest& asked : decision.requests) show_request(page, asked);
}

void show_input(Page& page, const MomentInput& input, const EngineConfig& config) {
    page.line("%s", "");
    page.line("%s %llu from %s, received %lld ns, journal offset %llu", name_of(input.header.kind).data(),
              static_cast<unsigned long long>(input.header.sequence), name_of(input.header.source).data(),
              static_cast<long long>(input.header.receive_time_ns),
              static_cast<unsigned long long>(input.offset.value()));
    page.line("  %s", input.message.name.c_str());
    show_fields(page, input.message, "    ");
    if (input.decisions.empty()) page.line("  No decision followed");
    for (const MomentDecision& decision : input.decisions) show_decision(page, decision, config);
    for (const TimingPayload& timing : input.timings)
        page.line("  Order %u: decoded after %lld ns, decided %lld, journaled %lld, sent %lld (from its reception)",
                  timing.user_ref_num, static_cast<long long>(timing.decoded_ns - timing.receive_time_ns),
                  static_cast<long long>(timing.decided_ns - timing.receive_time_ns),
                  static_cast<long long>(timing.journaled_ns - timing.receive_time_ns),
                  static_cast<long long>(timing.sent_ns - timing.receive_time_ns));
}

}  // namespace

std::string moment_page(const Moment& moment, const EngineConfig& config) {
    Page page;
    const JournalIdentity& identity = moment.segment.identity;
    page.line("Message %llu of %s, %s, segment %llu", static_cast<unsigned long long>(moment.sequence.value()),
              identity.site.c_str(), identity.trading_day.c_str(),
              static_cast<unsigned long long>(moment.segment.segment_index));
    page.line("release %s", identity.release_digest.c_str());
    page.line("order session %s%s%s%s", name_of(moment.session).data(), moment.killed ? ", kill switch pulled" : "",
              moment.stopped ? ", stopping" : "", moment.snapshotting ? ", taking a snapshot" : "");
    for (const MomentInput& input : moment.inputs) show_input(page, input, config);
    for (const std::string& name : moment.unmet)
        page.line("The journal ends before this left: %s", name.c_str());
    return std::move(page).text();
}

}  // namespace colo
