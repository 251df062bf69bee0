// Either a value or the reason why there is none, for calls that may fail outside the hot path.
//
//   Result<SessionFile, SessionFileError> opened = SessionFile::open(path);
//   if (!opened) fail(opened.error().to_string());
//   play(*opened);
#pragma once

#include <cassert>
#include <utility>
#include <variant>

namespace colo {

template <class Value, class Error>
class [[nodiscard]] Result {
public:
    Result(Value value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    Value& operator*() & { assert(*this); return std::get<0>(state_); }
    const Value& operator*() const& { assert(*this); return std::get<0>(state_); }
    Value operator*() && { assert(*this); return std::get<0>(std::move(state_)); }
    Value* operator->() { return &**this; }
    const Value* operator->() const { return &**this; }
    [[nodiscard]] const Error& error() const { assert(!*this); return std::get<1>(state_); }

private:
    std::variant<Value, Error> state_;
};

}  // namespace colo
