// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_RESULT_H_
#define TDXVFS_COMMON_RESULT_H_

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/error.h"

namespace tdxvfs {

// A value or an Error. The member names are those of std::expected (C++23),
// so that moving to it later is mechanical. An ignored Result does not
// compile. Reading the value of a failed Result is a programming error and
// ends the program.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // NOLINTBEGIN(google-explicit-constructor): `return value;` must work
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *Held<0>(&state_); }
  const T& value() const& { return *Held<0>(&state_); }
  T&& value() && { return std::move(*Held<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return *Held<1>(&state_); }
  const Error& error() const& { return *Held<1>(&state_); }
  Error&& error() && { return std::move(*Held<1>(&state_)); }

  // On failure adds what was being done; on success does nothing.
  Result&& Context(std::string context) && {
    if (!has_value()) {
      error().AddContext(std::move(context));
    }
    return std::move(*this);
  }

 private:
  // std::get would throw, which a caller such as gRPC may catch and go on.
  template <std::size_t kIndex, typename State>
  static auto* Held(State* state) {
    auto* held = std::get_if<kIndex>(state);
    if (held == nullptr) {
      std::abort();
    }
    return held;
  }

  std::variant<T, Error> state_;
};

// Success or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): `return error;` must work
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }

  Error& error() & { return **Held(&error_); }
  const Error& error() const& { return **Held(&error_); }
  Error&& error() && { return std::move(**Held(&error_)); }

  Result&& Context(std::string context) && {
    if (error_.has_value()) {
      error_->AddContext(std::move(context));
    }
    return std::move(*this);
  }

 private:
  template <typename State>
  static State* Held(State* error) {
    if (!error->has_value()) {
      std::abort();
    }
    return error;
  }

  std::optional<Error> error_;
};

}  // namespace tdxvfs

#define TDXVFS_CONCAT_INNER(a, b) a##b
#define TDXVFS_CONCAT(a, b) TDXVFS_CONCAT_INNER(a, b)

// Returns the error of `expression` (a Result) from the enclosing function.
#define RETURN_IF_ERROR(expression)                                      \
  do {                                                                   \
    if (auto tdxvfs_result = (expression); !tdxvfs_result.has_value()) { \
      return std::move(tdxvfs_result).error();                           \
    }                                                                    \
  } while (false)

// `ASSIGN_OR_RETURN(const Header header, Header::Read(fd));`
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration takes none
#define ASSIGN_OR_RETURN(declaration, expression)                      \
  auto TDXVFS_CONCAT(tdxvfs_result_, __LINE__) = (expression);         \
  if (!TDXVFS_CONCAT(tdxvfs_result_, __LINE__).has_value()) {          \
    return std::move(TDXVFS_CONCAT(tdxvfs_result_, __LINE__)).error(); \
  }                                                                    \
  declaration = std::move(TDXVFS_CONCAT(tdxvfs_result_, __LINE__)).value()
// NOLINTEND(bugprone-macro-parentheses)

#endif  // TDXVFS_COMMON_RESULT_H_
