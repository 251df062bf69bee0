// What operators read of a running engine and propose to it, for Python: parameters, commands, open orders.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "engine/runtime/command.hpp"
#include "engine/runtime/open_orders.hpp"
#include "engine/runtime/parameters.hpp"
#include "engine/runtime/proposal_block.hpp"
#include "engine/runtime/tree_model.hpp"

namespace nb = nanobind;

namespace colo::bindings {
namespace {

template <class Proposed>
Proposed in_force(const ProposalBlock<Proposed>& block, const std::string& path) {
    if (const auto found = block.in_force()) return *found;
    throw std::runtime_error(path + ": the engine died while it wrote there");
}

// Signs and numbers the proposal, and waits for the engine's answer: empty where it is applied, else why not.
template <class Proposed>
std::string propose(ProposalBlock<Proposed>& block, Proposed& proposal, const std::string& path,
                    const std::string& author, double timeout_s) {
    proposal.generation = block.next_generation();
    proposal.sign(author);
    block.propose(proposal);
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(timeout_s);
    for (;;) {
        if (const auto answer = block.answer_to(proposal.generation))
            return answer->applied == 1 ? "" : answer->sentence.data();
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error(path + ": the engine does not answer, the change may still be applied");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void require_name(const std::string& author) {
    if (!Author::of(author)) throw std::invalid_argument("the author is no name of letters, digits and . _ - @");
}

nb::tuple read_parameters(const std::string& path) {
    const ParameterChange found = in_force(ProposalBlock<ParameterChange>::open(path), path);
    const auto values = found.value_view();
    return nb::make_tuple(found.generation, std::string(found.author_view()),
                          std::vector<double>(values.begin(), values.end()));
}

std::string change_parameters(const std::string& path, std::uint64_t generation_before, const std::string& author,
                              const std::vector<double>& values, double timeout_s) {
    require_name(author);
    if (values.size() > ParameterChange::values_max) throw std::invalid_argument("there are too many values");
    auto block = ProposalBlock<ParameterChange>::open(path);
    if (const auto now = in_force(block, path).generation; now != generation_before)
        return "generation " + std::to_string(now) + " came into force meanwhile";
    ParameterChange change;
    change.count = values.size();
    std::copy(values.begin(), values.end(), change.values.begin());
    return propose(block, change, path, author, timeout_s);
}

std::uint64_t read_command_generation(const std::string& path) {
    return in_force(ProposalBlock<Command>::open(path), path).generation;
}

std::string send_command(const std::string& path, const std::string& author, const std::string& kind,
                         const std::string& target, double timeout_s) {
    require_name(author);
    Command command;
    if (kind == "pause") command.kind = static_cast<std::uint64_t>(CommandKind::pause);
    else if (kind == "resume") command.kind = static_cast<std::uint64_t>(CommandKind::resume);
    else if (kind == "cancel") command.kind = static_cast<std::uint64_t>(CommandKind::cancel);
    else throw std::invalid_argument("the kind of a command is pause, resume or cancel");
    if (target.size() > command.target.size())
        throw std::invalid_argument("the target has more than " + std::to_string(command.target.size()) + " characters");
    command.aim(target);
    auto block = ProposalBlock<Command>::open(path);
    return propose(block, command, path, author, timeout_s);
}

using Node = std::tuple<double, std::uint16_t, std::uint16_t, std::uint16_t>;

std::string swap_model(const std::string& path, const std::string& author, const std::string& digest, double value_max,
                       const std::vector<std::uint16_t>& roots, const std::vector<Node>& nodes, double timeout_s) {
    require_name(author);
    ModelChange change;
    TreeModel& model = change.model;
    if (roots.size() > TreeModel::trees_max || nodes.size() > TreeModel::nodes_max)
        throw std::invalid_argument("a model has at most " + std::to_string(TreeModel::trees_max) + " trees and " +
                                    std::to_string(TreeModel::nodes_max) + " nodes");
    if (digest.size() != 2 * model.digest.size()) throw std::invalid_argument("the digest is no SHA-256");
    for (std::size_t i = 0; i < model.digest.size(); ++i)
        model.digest[i] = static_cast<std::uint8_t>(std::stoi(digest.substr(2 * i, 2), nullptr, 16));
    model.value_max = value_max;
    model.tree_count = roots.size();
    model.node_count = nodes.size();
    std::copy(roots.begin(), roots.end(), model.roots.begin());
    std::transform(nodes.begin(), nodes.end(), model.nodes.begin(), [](const Node& node) {
        return TreeNode{std::get<0>(node), std::get<1>(node), std::get<2>(node), std::get<3>(node), 0};
    });
    auto block = ProposalBlock<ModelChange>::open(path);
    return propose(block, change, path, author, timeout_s);
}

nb::tuple read_model(const std::string& path) {
    const ModelChange found = in_force(ProposalBlock<ModelChange>::open(path), path);
    std::string digest;
    for (const std::uint8_t byte : found.model.digest) {
        constexpr const char* digits = "0123456789abcdef";
        digest += digits[byte >> 4];
        digest += digits[byte & 15];
    }
    return nb::make_tuple(found.generation, std::string(found.author_view()), found.generation == 0 ? "" : digest);
}

nb::tuple read_open_orders(const std::string& path) {
    const auto found = OpenOrdersFile::open(path).read();
    if (!found) throw std::runtime_error(path + ": the engine died while it wrote there");
    nb::list orders;
    for (std::size_t i = 0; i < std::min<std::uint64_t>(found->listed, OpenOrders::listed_max); ++i) {
        const OpenOrder& order = found->orders[i];
        orders.append(nb::make_tuple(order.number, order.instrument, std::string(1, order.side), order.price,
                                     order.leaves, order.filled, name_of(static_cast<OrderState>(order.state))));
    }
    return nb::make_tuple(found->count, orders);
}

}  // namespace

void bind_operators(nb::module_& module) {
    module.def("read_parameters", &read_parameters, nb::arg("path"),
               "(generation, author, values in the order of the strategy's spec) that an engine has in force, by its "
               "parameter file. RuntimeError where no engine keeps one there.");
    module.def("change_parameters", &change_parameters, nb::arg("path"), nb::arg("generation_before"), nb::arg("author"),
               nb::arg("values"), nb::arg("timeout_s") = 2.0, nb::call_guard<nb::gil_scoped_release>(),
               "Proposes values in place of those of a generation, and waits for the engine's answer: an empty text where they are applied, else why not. "
               "RuntimeError where the engine does not answer in time.");
    module.def("read_command_generation", &read_command_generation, nb::arg("path"),
               "The generation of the latest command that an engine carried out, by its command file.");
    module.def("send_command", &send_command, nb::arg("path"), nb::arg("author"), nb::arg("kind"), nb::arg("target"),
               nb::arg("timeout_s") = 2.0, nb::call_guard<nb::gil_scoped_release>(),
               "Tells an engine, by its command file, to pause or resume the strategy that is the target, or to cancel "
               "(all, instrument SYMBOL, order NUMBER): an empty text where it did, else why not. RuntimeError where "
               "the engine does not answer in time.");
    module.def("swap_model", &swap_model, nb::arg("path"), nb::arg("author"), nb::arg("digest"), nb::arg("value_max"),
               nb::arg("roots"), nb::arg("nodes"), nb::arg("timeout_s") = 2.0, nb::call_guard<nb::gil_scoped_release>(),
               "Puts a model in place of the one that the strategy asks, by the engine's model file: nodes are (threshold "
               "or value, input or 0xFFFF of a leaf, node below, node above). An empty text where it is applied, else "
               "why not. RuntimeError where the engine does not answer in time.");
    module.def("read_model", &read_model, nb::arg("path"),
               "(generation, author, SHA-256 of its file in hexadecimal) of the model that an engine has in force.");
    module.def("read_open_orders", &read_open_orders, nb::arg("path"),
               "(count, orders): how many orders stand, and the oldest of them as (number, place of the instrument in "
               "engine.json, 'B' or 'S', price in 1e-4 dollars, shares open, shares filled, state).");
}

}  // namespace colo::bindings
