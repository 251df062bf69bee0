// A visitor made of lambdas, one for each type of message that the caller cares for.
//
//   itch50::visit(bytes, Overloaded{[&](const itch50::AddOrder& add) { ... }, [](const auto&) {}});
#pragma once

namespace colo {

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace colo
