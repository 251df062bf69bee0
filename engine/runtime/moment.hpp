// One moment of a journal, as replay meets it: a feed message and everything until the next one. What came, the book
// behind it, what the strategy saw and wanted, what each risk rule said, and what left.
//
//   MomentWitness witness;
//   TradingCore<S, MomentWitness> core(config, strategy, witness);
//   auto found = find_moment(reader, core, witness, SequenceNumber{4711});
//   if (!found) fail(found.error());
//   print(moment_text(*found, config));                  // moment_page.hpp
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/journal/reader.hpp"
#include "engine/runtime/replay.hpp"
#include "engine/runtime/shown_message.hpp"

namespace colo {

// A price level as it stood, and our orders at that price.
struct MomentLevel {
    struct Own {
        UserRefNum user_ref_num;
        OrderState state{OrderState::live};
        Quantity leaves;
        // In the venue's queue, where the feed shows our order; nothing where it does not (a simulator's feed is recorded).
        std::optional<Quantity> ahead;
    };
    Price price;
    Quantity quantity;
    std::uint32_t orders = 0;
    std::vector<Own> own;
};

// What was asked of the gate, and what came of it.
struct MomentRequest {
    OrderRequest request;
    std::vector<RuleVerdict> rules;  // none for a cancel, which no rule refuses
    std::optional<RiskRule> refused_by;
    ShownMessage sent;  // nameless where it was refused
};

struct MomentDecision {
    MarketView view;
    std::vector<MomentLevel> bids, asks;  // from the best on
    std::optional<Quotes> wanted;         // nothing: no strategy was asked, as in a cancel of everything
    std::vector<MomentRequest> requests;
};

// One input of the engine within the moment: the message, or what came before the next one.
struct MomentInput {
    RecordHeader header{};
    JournalOffset offset;
    ShownMessage message;  // of a control, a gap: its text as the name
    std::vector<MomentDecision> decisions;
    std::vector<TimingPayload> timings;
};

struct Moment {
    SegmentHeader segment;  // of the message: whose journal, which release
    SequenceNumber sequence;
    SessionState session{SessionState::down};
    bool killed = false, stopped = false, snapshotting = false;  // after the moment
    std::vector<MomentInput> inputs;
    std::vector<std::string> unmet;  // orders that replay gives and the journal does not have: the engine died in between
};

// The sink of a core in replay, which keeps what passes it while it is told to.
class MomentWitness : public OrderComparison {
public:
    static constexpr bool sees_decisions = true;
    static constexpr std::size_t levels_shown = 5;

    void begin(MomentInput input) { inputs_.push_back(std::move(input)); }
    [[nodiscard]] bool watching() const { return !inputs_.empty(); }
    [[nodiscard]] std::vector<MomentInput>& inputs() { return inputs_; }

    template <class Core>
    void decided(const Core& core, const MarketView& view, const Quotes& wanted) {
        if (!watching()) return;
        inputs_.back().decisions.push_back({view, levels(core, view.instrument, Side::buy),
                                            levels(core, view.instrument, Side::sell), wanted, {}});
    }
    void asked(const OrderRequest& request, std::vector<RuleVerdict> rules) {
        if (!watching()) return;
        auto& decisions = inputs_.back().decisions;
        asked_ = decisions.size();
        while (asked_ > 0 && decisions[asked_ - 1].view.instrument != request.instrument) --asked_;
        if (asked_ == 0) {  // cancels of everything are asked for without a decision
            asked_ = decisions.size() + 1;
            decisions.emplace_back().view.instrument = request.instrument;
        }
        decisions[asked_ - 1].requests.push_back({request, std::move(rules), std::nullopt, {}});
    }
    void send(const EncodedOrder& order, SequenceNumber cause) {
        OrderComparison::send(order, cause);
        // An account query asks for no order, so no rule was asked.
        if (watching() && order.user_ref_num() != UserRefNum{0}) latest().sent = show_order(order.message());
    }
    void reject(const RiskRejectPayload& reject) {
        OrderComparison::reject(reject);
        if (watching()) latest().refused_by = static_cast<RiskRule>(reject.rule);
    }

private:
    MomentRequest& latest() { return inputs_.back().decisions[asked_ - 1].requests.back(); }

    template <class Core>
    static std::vector<MomentLevel> levels(const Core& core, InstrumentIndex instrument, Side side) {
        std::vector<MomentLevel> shown;
        for (const Level level : core.market().book(instrument).levels(side)) {
            if (shown.size() == levels_shown) break;
            shown.push_back({level.price(), level.quantity(), level.order_count(), {}});
        }
        core.orders().for_each_open([&](const OwnOrder& order) {
            if (order.instrument != instrument || order.side != side) return;
            auto at = std::find_if(shown.begin(), shown.end(),
                                   [&](const MomentLevel& level) { return !better(side, level.price, order.price); });
            if (at == shown.end() || at->price != order.price) {
                const auto level = core.market().book(instrument).level(side, order.price);
                at = shown.insert(at, {order.price, level ? level->quantity() : Quantity{0},
                                       level ? level->order_count() : 0, {}});
            }
            at->own.push_back({order.user_ref_num, order.state, order.leaves(), ahead_of(core, order)});
        });
        return shown;
    }
    template <class Core>
    static std::optional<Quantity> ahead_of(const Core& core, const OwnOrder& own) {
        const auto level = core.market().book(own.instrument).level(own.side, own.price);
        if (!level) return std::nullopt;
        Quantity ahead;
        for (const Order order : level->orders()) {
            if (order.id == own.venue_id && own.venue_id != OrderId{0}) return ahead;
            ahead += order.quantity;
        }
        return std::nullopt;
    }

    std::vector<MomentInput> inputs_;
    std::size_t asked_ = 0;  // one more than the decision that asked last
};

static_assert(DecisionSink<MomentWitness>);

// A journal (a JournalReader, or what a test puts in its place) that ends where a moment does, and tells the witness of each input of it.
template <class Reader>
class MomentReader {
public:
    MomentReader(Reader& reader, MomentWitness& witness, SequenceNumber sequence)
        : reader_(reader), witness_(witness), wanted_(sequence) {}

    [[nodiscard]] ReadStatus next(RecordView& record) {
        const ReadStatus status = reader_.next(record);
        if (status != ReadStatus::record) return status;
        const SequenceNumber sequence{record.header.sequence};
        if (record.header.kind == RecordKind::feed_message) {
            if (witness_.watching()) return ReadStatus::end;
            if (!first_) first_ = sequence;
            last_ = sequence;
            if (sequence == wanted_) segment_ = reader_.segment();
        }
        if (record.header.kind == RecordKind::gap && record.payload.size() == sizeof(GapPayload)) look_at_gap(record);
        if (witness_.watching() || (record.header.kind == RecordKind::feed_message && sequence == wanted_)) keep(record);
        return status;
    }
    [[nodiscard]] decltype(auto) error() const { return reader_.error(); }
    [[nodiscard]] const std::optional<SegmentHeader>& segment() const { return segment_; }
    // Why the message was not met.
    [[nodiscard]] std::string absence() const {
        const std::string wanted = "message " + std::to_string(wanted_.value());
        if (lost_) return *lost_;
        if (!first_) return wanted + " is not there: the journal has no feed message";
        return wanted + " is not there: the journal has messages " + std::to_string(first_->value()) + " to " +
               std::to_string(last_.value());
    }

private:
    void look_at_gap(const RecordView& record) {
        GapPayload gap;
        std::memcpy(&gap, record.payload.data(), sizeof gap);
        if (wanted_.value() < gap.first || wanted_.value() > gap.last) return;
        lost_ = "message " + std::to_string(wanted_.value()) + " never came: messages " + std::to_string(gap.first) +
                " to " + std::to_string(gap.last) + " were lost, as the journal says at offset " +
                std::to_string(record.offset.value());
    }
    void keep(const RecordView& record) {
        switch (record.header.kind) {
        case RecordKind::feed_message: case RecordKind::snapshot_message: begin(record, show_feed_message(record.payload)); break;
        case RecordKind::order_answer: begin(record, show_answer(record.payload)); break;
        case RecordKind::control: begin(record, {std::string(text_of(record.payload)), {}}); break;
        case RecordKind::gap: begin(record, {"gap", {}}); break;
        case RecordKind::model: begin(record, {"model", {}}); break;
        case RecordKind::timing: {
            if (record.payload.size() != sizeof(TimingPayload)) break;
            TimingPayload timing;
            std::memcpy(&timing, record.payload.data(), sizeof timing);
            witness_.inputs().back().timings.push_back(timing);
            break;
        }
        case RecordKind::order_sent: case RecordKind::risk_reject: case RecordKind::anomaly: case RecordKind::timer: break;  // replay gives them
        }
    }
    void begin(const RecordView& record, ShownMessage message) {
        witness_.begin({record.header, record.offset, std::move(message), {}, {}});
    }

    Reader& reader_;
    MomentWitness& witness_;
    SequenceNumber wanted_;
    std::optional<SequenceNumber> first_;
    SequenceNumber last_;
    std::optional<SegmentHeader> segment_;
    std::optional<std::string> lost_;
};

// The sentence says why there is none: the message is not in the journal, or replay differs before it.
template <class Reader, class Core>
[[nodiscard]] Result<Moment, std::string> find_moment(Reader& journal, Core& core, MomentWitness& witness,
                                                      SequenceNumber sequence) {
    MomentReader reader(journal, witness, sequence);
    const ReplayEnd end = replay_journal(reader, core, witness);
    if (end.problem) return *end.problem;
    if (!witness.watching()) return reader.absence();
    Moment moment;
    moment.segment = reader.segment().value_or(SegmentHeader{});
    moment.sequence = sequence;
    moment.session = core.session();
    moment.killed = core.killed();
    moment.stopped = core.stopped();
    moment.snapshotting = core.snapshotting();
    moment.inputs = std::move(witness.inputs());
    for (const OrderComparison::Given& given : witness.unmet())
        moment.unmet.push_back(given.kind == RecordKind::order_sent ? show_order(given.payload).name
                               : given.kind == RecordKind::anomaly  ? "anomaly"
                                                                    : "risk reject");
    return moment;
}

}  // namespace colo
