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

ParameterChange in_force(const ParameterBlock& block, const std::string& path) {
    const auto found = block.in_force();
    if (!found) throw std::runtime_error(path + ": the engine that kept its parameters there died while it wrote them");
    return *found;
}

nb::tuple read_parameters(const std::string& path) {
    const ParameterChange found = in_force(ParameterBlock::open(path), path);
    const auto values = found.value_view();
    return nb::make_tuple(found.generation, std::string(found.author_view()),
                          std::vector<double>(values.begin(), values.end()));
}

std::string change_parameters(const std::string& path, std::uint64_t generation_before, const std::string& author,
                              const std::vector<double>& values, double timeout_s) {
    if (!Author::of(author)) throw std::invalid_argument("the author is no name of letters, digits and . _ - @");
    if (values.size() > ParameterChange::values_max) throw std::invalid_argument("there are too many values");
    ParameterBlock block = ParameterBlock::open(path);
    if (const auto now = in_force(block, path).generation; now != generation_before)
        return "generation " + std::to_string(now) + " came into force meanwhile";
    ParameterChange change;
    change.generation = block.next_generation();
    change.author_length = author.copy(change.author.data(), change.author.size());
    change.count = values.size();
    std::copy(values.begin(), values.end(), change.values.begin());
    block.propose(change);
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(timeout_s);
    for (;;) {
        if (const auto answer = block.answer_to(change.generation))
            return answer->applied == 1 ? "" : answer->sentence.data();
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error(path + ": the engine does not answer, the change may still be applied");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

void bind_parameters(nb::module_& module) {
    module.def("read_parameters", &read_parameters, nb::arg("path"),
               "(generation, author, values in the order of the strategy's spec) that an engine has in force, by its "
               "parameter file. RuntimeError where no engine keeps one there.");
    module.def("change_parameters", &change_parameters, nb::arg("path"), nb::arg("generation_before"), nb::arg("author"),
               nb::arg("values"), nb::arg("timeout_s") = 2.0, nb::call_guard<nb::gil_scoped_release>(),
               "Proposes values in place of those of a generation, and waits for the engine's answer: an empty text where they are applied, else why not. "
               "RuntimeError where the engine does not answer in time.");
}

}  // namespace colo::bindings
