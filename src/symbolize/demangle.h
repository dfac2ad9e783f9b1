// Demangler: readable names for mangled C++, Rust, OCaml and D symbols, as perf prints them.
// Used by the Symbolizer, and by elf_symbols to choose among names of one address.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace prof {

enum class DemangleStyle {
  Names,  // without parameters and return types: "std::vector<int>::push_back", as perf
  Full,   // with them
};

/// The readable form of `mangled`; nothing if it is not a mangled name, or one whose readable form
/// is beyond reason in length or depth (substitutions can grow exponentially). Never fails
/// otherwise: the caller keeps the raw name.
std::optional<std::string> demangle(std::string_view mangled, DemangleStyle style);

}  // namespace prof
