// The parameters of a strategy as they change while it trades: values in the order of the strategy's own rules, who
// changed them, and the generation that counts the changes.
//
// A change is journaled as text before it is applied, between two messages, so that replay applies it at the same place:
//
//   parameters: 7 alice quote_quantity=100 gamma=0.2 ...
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/runtime/author.hpp"
#include "engine/runtime/proposal.hpp"
#include "engine/runtime/shared_file.hpp"
#include "engine/runtime/short_text.hpp"

namespace colo {

// What one parameter may be, as the strategy's spec.yaml says.
struct ParameterRule {
    std::string_view name;
    std::string_view unit;
    bool whole = false;
    double above = 0;
    double at_most = 0;

    [[nodiscard]] bool allows(double value) const {
        return value > above && value <= at_most && (!whole || value == std::floor(value));
    }
};

struct ParameterChange : Proposal {
    static constexpr SharedFileKind block_kind{"parameters", "COLOPRM2"};
    static constexpr std::size_t values_max = 24;

    std::uint64_t count = 0;
    std::array<double, values_max> values{};

    [[nodiscard]] std::span<const double> value_view() const {
        return {values.data(), std::min<std::size_t>(count, values.size())};
    }
};

// A strategy whose parameters can change while it trades.
template <class S>
concept Tunable = requires(S strategy, std::span<const double> values) {
    { S::parameter_rules() } -> std::convertible_to<std::span<const ParameterRule>>;
    { strategy.parameters() } -> std::convertible_to<std::span<const double>>;
    strategy.set_parameters(values);  // as many as there are rules, each allowed by its own
};

// Why these values are none for a strategy with these rules; nothing where they are.
[[nodiscard]] inline std::optional<Sentence> refusal_of(std::span<const ParameterRule> rules,
                                                        const ParameterChange& change, std::uint64_t generation_now) {
    if (const auto why = refusal_of(change, generation_now)) return why;
    if (change.count != rules.size())
        return Sentence("there are ", change.count, " values, the strategy has ", rules.size(), " parameters");
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const ParameterRule& rule = rules[i];
        if (rule.allows(change.values[i])) continue;
        return Sentence(rule.name, " must be ", rule.whole ? "whole, " : "", "above ", rule.above, " and at most ",
                        rule.at_most, " ", rule.unit, ", not ", change.values[i]);
    }
    return std::nullopt;
}

[[nodiscard]] inline ShortText<900> text_of(std::span<const ParameterRule> rules, const ParameterChange& change) {
    ShortText<900> text(change.generation, " ", change.author_view());
    for (std::size_t i = 0; i < rules.size(); ++i) {
        text.append(" ");
        text.append(rules[i].name);
        text.append("=");
        text.append(change.values[i]);
    }
    return text;
}

// Reads what text_of gave; nothing where the text is not of these rules.
[[nodiscard]] inline std::optional<ParameterChange> change_of(std::span<const ParameterRule> rules, std::string_view text) {
    const auto word = [&text] {
        const std::string_view first = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), first.size() + 1));
        return first;
    };
    ParameterChange change;
    const std::string_view generation = word();
    if (std::from_chars(generation.data(), generation.data() + generation.size(), change.generation).ec != std::errc{})
        return std::nullopt;
    const std::string_view author = word();
    if (!Author::of(author)) return std::nullopt;
    change.sign(author);
    if (rules.size() > ParameterChange::values_max) return std::nullopt;
    for (const ParameterRule& rule : rules) {
        const std::string_view assignment = word();
        const std::string_view name = assignment.substr(0, assignment.find('='));
        if (name != rule.name || name.size() == assignment.size()) return std::nullopt;
        const char* const end = assignment.data() + assignment.size();
        const auto read = std::from_chars(name.data() + name.size() + 1, end, change.values[change.count++]);
        if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    }
    return text.empty() ? std::optional(change) : std::nullopt;
}

}  // namespace colo
