// A model that a strategy asks for a number: the sum of small decision trees over the strategy's own inputs, as gradient
// boosting gives them (Friedman, "Greedy function approximation", Annals of Statistics 29(5), 2001).
//
// It is one flat table of nodes, so that it is swapped like parameters are: proposed through shared memory, checked,
// journaled whole with its digest, generation and author, and applied between two messages. A table that passed `fault`
// ends every walk: each branch leads to a later node.
//
//   TreeModel model = ...;
//   if (auto fault = model.fault(inputs.size())) refuse(*fault);
//   double ticks = model.value(inputs);
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/runtime/proposal.hpp"
#include "engine/runtime/shared_file.hpp"

namespace colo {

struct TreeNode {
    double number = 0;        // of a branch its threshold, of a leaf its value
    std::uint16_t input = 0;  // by its place among the strategy's inputs; `leaf`: this is a leaf
    std::uint16_t below = 0;  // the node for an input up to the threshold
    std::uint16_t above = 0;  // the node for an input above it
    std::uint16_t reserved = 0;

    static constexpr std::uint16_t leaf = 0xFFFF;
};
static_assert(sizeof(TreeNode) == 16);

struct TreeModel {
    static constexpr std::size_t nodes_max = 240;
    static constexpr std::size_t trees_max = 32;

    std::array<std::uint8_t, 32> digest{};  // SHA-256 of the file that it came from
    double value_max = 0;                   // the sum is cut to so much on either side of zero
    std::uint64_t tree_count = 0;
    std::uint64_t node_count = 0;
    std::array<std::uint16_t, trees_max> roots{};
    std::array<TreeNode, nodes_max> nodes{};

    // Why this table is no model of so many inputs; nothing where it is.
    [[nodiscard]] std::optional<Sentence> fault(std::size_t inputs) const {
        if (tree_count > trees_max) return Sentence("there are ", tree_count, " trees, at most ", trees_max);
        if (node_count > nodes_max) return Sentence("there are ", node_count, " nodes, at most ", nodes_max);
        if (!(value_max >= 0) || !std::isfinite(value_max)) return Sentence("value_max must be a number, at least 0");
        for (std::size_t i = 0; i < tree_count; ++i)
            if (roots[i] >= node_count) return Sentence("tree ", i, " begins at node ", roots[i], ", which is not there");
        for (std::size_t i = 0; i < node_count; ++i)
            if (const auto why = fault_of(i, inputs)) return why;
        return std::nullopt;
    }
    // Zero without a tree. Preconditions: no fault, and as many inputs as it was checked for.
    [[nodiscard]] double value(std::span<const double> inputs) const {
        double sum = 0;
        for (std::size_t i = 0; i < tree_count; ++i) {
            std::size_t at = roots[i];
            while (nodes[at].input != TreeNode::leaf)
                at = inputs[nodes[at].input] <= nodes[at].number ? nodes[at].below : nodes[at].above;
            sum += nodes[at].number;
        }
        return std::clamp(sum, -value_max, value_max);
    }

private:
    [[nodiscard]] std::optional<Sentence> fault_of(std::size_t at, std::size_t inputs) const {
        const TreeNode& node = nodes[at];
        if (!std::isfinite(node.number)) return Sentence("node ", at, ": its number is none");
        if (node.input == TreeNode::leaf) return std::nullopt;
        if (node.input >= inputs) return Sentence("node ", at, ": input ", node.input, " is none of ", inputs);
        for (const std::uint16_t next : {node.below, node.above})
            if (next <= at || next >= node_count)
                return Sentence("node ", at, ": leads to ", next, ", not to a later node");
        return std::nullopt;
    }
};

// As it is proposed, and as its record in the journal holds it. Its size is the record's payload.
struct ModelChange : Proposal {
    static constexpr SharedFileKind block_kind{"models", "COLOMDL1"};
    TreeModel model;
};
static_assert(std::is_trivially_copyable_v<ModelChange> && sizeof(ModelChange) == 4'008);

// A strategy that asks a model. The names are the inputs that a model may use, by their place.
template <class S>
concept Modelled = requires(S strategy, const TreeModel& model) {
    { S::model_inputs() } -> std::convertible_to<std::span<const std::string_view>>;
    strategy.set_model(model);  // without a fault
};

}  // namespace colo
