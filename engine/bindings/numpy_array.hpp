// NumPy arrays that C++ fills: made by numpy itself, so that Python owns the memory and any dtype is possible.
//
//   FilledArray rows = make_array("i8", {count, 4});
//   auto* first = static_cast<std::int64_t*>(rows.data);
//   ... fill ...
//   return rows.array;
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace colo::bindings {

struct FilledArray {
    nanobind::object array;
    void* data;
};

// `dtype` is whatever numpy.dtype accepts: a string or a list of (name, format).
[[nodiscard]] inline FilledArray make_array(const nanobind::object& dtype, const std::vector<std::size_t>& shape) {
    nanobind::list dimensions;
    for (std::size_t length : shape) dimensions.append(length);
    const nanobind::module_ numpy = nanobind::module_::import_("numpy");
    nanobind::object array = numpy.attr("empty")(nanobind::tuple(dimensions), numpy.attr("dtype")(dtype));
    const auto address = nanobind::cast<std::uintptr_t>(array.attr("ctypes").attr("data"));
    return {array, reinterpret_cast<void*>(address)};
}

[[nodiscard]] inline FilledArray make_array(const char* dtype, const std::vector<std::size_t>& shape) {
    return make_array(nanobind::str(dtype), shape);
}

}  // namespace colo::bindings
