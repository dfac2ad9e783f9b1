// Short names: demangled names of C++, Rust and D without what makes them longer than a line. Used
// by the Symbolizer where --short-names asks for it.
#pragma once

#include <string>
#include <string_view>

namespace prof {

/// Template arguments become "<…>" ("!(…)" in D), parameters go:
/// "std::vector<int, std::allocator<int> >::push_back" is "std::vector<…>::push_back",
/// "f(int)::{lambda(int)#1}::operator()" is "f::{lambda()#1}::operator()". What does not look
/// balanced stays as it is from there on.
std::string short_name(std::string_view name);

}  // namespace prof
