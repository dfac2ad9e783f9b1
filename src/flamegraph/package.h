// package_of: the package, namespace, crate or class path that a function's name tells. Used to
// colour frames by it.
#pragma once

#include <string>
#include <string_view>

namespace prof {

/// "java/util" of "java/util/HashMap.get", "net/http" of Go's "net/http.(*conn).serve", "std" of
/// "std::vector<int>::push_back(int const&)", "alloc" of Rust's "<alloc::vec::Vec<T> as
/// Drop>::drop"; the directory of what Python's and JavaScript's names have in them. `dso` where
/// the name tells nothing.
std::string package_of(std::string_view name, std::string_view dso);

}  // namespace prof
