// The parameters of a running engine for Python: what is in force, and a change with its answer.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/runtime/parameter_block.hpp"

namespace nb = nanobind;

namespace colo::bindings {
namespace {

ParameterChange latest_in(const ParameterBlock& block, const std::string& path) {
    const auto latest = block.latest();
    if (!latest) throw std::runtime_error(path + ": a change was begun and never ended");
    return *latest;
}

nb::tuple read_parameters(const std::string& path) {
    const ParameterChange latest = latest_in(ParameterBlock::open(path), path);
    const auto values = latest.value_view();
    return nb::make_tuple(latest.generation, std::string(latest.author_view()),
                          std::vector<double>(values.begin(), values.end()));
}

std::string change_parameters(const std::string& path, std::uint64_t generation, const std::string& author,
                              const std::vector<double>& values, double timeout_s) {
    if (!Author::of(author)) throw nb::value_error("the author is no name of letters, digits and . _ - @");
    if (values.size() > ParameterChange::values_max) throw nb::value_error("there are too many values");
    ParameterChange change;
    change.generation = generation;
    change.author_length = author.copy(change.author.data(), change.author.size());
    change.count = values.size();
    std::copy(values.begin(), values.end(), change.values.begin());
    ParameterBlock block = ParameterBlock::open(path);
    block.propose(change);
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(timeout_s);
    for (;;) {
        if (const auto answer = block.answer_to(generation)) return answer->applied == 1 ? "" : answer->sentence.data();
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error(path + ": the engine does not answer, the change may still be applied");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

void bind_parameters(nb::module_& module) {
    module.def("read_parameters", &read_parameters, nb::arg("path"),
               "(generation, author, values in the order of the strategy's spec) of the latest change in an engine's "
               "parameter file, whether it was applied or not. RuntimeError where no engine keeps one there.");
    module.def("change_parameters", &change_parameters, nb::arg("path"), nb::arg("generation"), nb::arg("author"),
               nb::arg("values"), nb::arg("timeout_s") = 2.0, nb::call_guard<nb::gil_scoped_release>(),
               "Proposes values and waits for the engine's answer: an empty text where they are applied, else why not. "
               "RuntimeError where the engine does not answer in time.");
}

}  // namespace colo::bindings
