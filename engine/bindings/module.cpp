// The Python module `colo_engine`: the engine's decoders, books and journal for research, checks and tests.
#include <nanobind/nanobind.h>

namespace colo::bindings {
void bind_book(nanobind::module_& module);
void bind_dbn(nanobind::module_& module);
void bind_journal(nanobind::module_& module);
void bind_mdp3(nanobind::module_& module);
void bind_operators(nanobind::module_& module);
}  // namespace colo::bindings

NB_MODULE(colo_engine, module) {
    module.doc() = "The engine's decoders, books and journal, as NumPy arrays.";
    colo::bindings::bind_book(module);
    colo::bindings::bind_dbn(module);
    colo::bindings::bind_journal(module);
    colo::bindings::bind_mdp3(module);
    colo::bindings::bind_operators(module);
}
