// Result and Error: how an operation that cannot deliver says so. Used by every module.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace prof {

/// Why an operation failed, as sentences for a person. `message` says what failed, on what and why,
/// without a trailing period or the "prof:" prefix; `hint` names the command or sysctl that mends
/// it, and may be empty. `exit_code` is what the process should end with: 1, or 2 for bad usage.
struct Error {
  std::string message;
  std::string hint;
  int exit_code = 1;

  /// The same error, told by a caller who knows more: "<context>: <message>".
  Error in(std::string_view context) && {
    message = std::string(context) + ": " + message;
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message, std::string hint = {}, int exit_code = 1) {
  return tl::unexpected<Error>(Error{std::move(message), std::move(hint), exit_code});
}

/// "<what>: <strerror(error)>".
tl::unexpected<Error> fail_errno(std::string_view what, int error = errno);

}  // namespace prof
