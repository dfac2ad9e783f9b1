#include "flamegraph/package.h"

namespace prof {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

/// The first "word::" of a C++ or Rust name: what is before the first "::" that stands in no
/// brackets but leading ones ("<alloc::vec::Vec<T> as Drop>::drop"), without a return type.
std::string_view name_space(std::string_view name) {
  const size_t colons = name.find("::");
  if (colons == name.npos) return {};
  size_t begin = colons;
  while (begin > 0 && is_word(name[begin - 1])) --begin;
  // What is before it may be "<", "<&mut ", "void ", "non-virtual thunk to "; but not the arguments
  // of something ("operator()(std::string)", "f(a::b)"), and no template's ("f<a::b>").
  const std::string_view before = name.substr(0, begin);
  if (before.find('(') != before.npos) return {};
  const size_t open = before.find('<');
  if (open != before.npos && open > 0 && is_word(before[open - 1])) return {};
  return name.substr(begin, colons - begin);
}

/// Java's "java/util/HashMap.get", Go's "net/http.(*conn).serve": what is before the last slash,
/// and for Go the package behind it. A slash within brackets or behind a blank is none of it.
std::string_view slashed(std::string_view name) {
  const size_t end = name.find_first_of("(<[ ");
  const std::string_view path = name.substr(0, end);
  const size_t slash = path.rfind('/');
  if (slash == path.npos || slash == 0) return {};
  const std::string_view last = path.substr(slash + 1);
  const size_t dot = last.find('.');
  if (dot == last.npos) return path.substr(0, slash);
  // Java's classes begin in upper case, Go's packages do not.
  const bool is_class = !last.empty() && last[0] >= 'A' && last[0] <= 'Z';
  return is_class ? path.substr(0, slash) : path.substr(0, slash + 1 + dot);
}

/// Python's "py::work:/srv/app/tasks.py" and JavaScript's "LazyCompile:*f /srv/lib/x.js:10": the
/// directory of the file that is named.
std::string_view directory(std::string_view name) {
  const size_t begin = name.find('/');
  if (begin == name.npos ||
      (begin > 0 && name[begin - 1] != ' ' && name[begin - 1] != ':' && name[begin - 1] != '(')) {
    return {};
  }
  const std::string_view path = name.substr(begin, name.find_first_of(" )", begin) - begin);
  const size_t slash = path.rfind('/');
  return slash == 0 ? std::string_view() : path.substr(0, slash);
}

/// Dotted Java names: "java.util.HashMap.get" up to the class.
std::string_view dotted(std::string_view name) {
  const std::string_view path = name.substr(0, name.find_first_of("(<[ "));
  size_t part = 0;
  for (size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '.') {
      if (!is_word(path[at])) return {};
      continue;
    }
    const bool is_class = part < at && path[part] >= 'A' && path[part] <= 'Z';
    if (is_class) return part > 1 ? path.substr(0, part - 1) : std::string_view();
    part = at + 1;
  }
  // "main.work" is Go's; "f.cold" and "f.part.0" are clones of a function.
  return path.starts_with("main.") || path.starts_with("runtime.") ? path.substr(0, path.find('.'))
                                                                   : std::string_view();
}

}  // namespace

std::string package_of(std::string_view name, std::string_view dso) {
  for (const auto reading : {directory, name_space, slashed, dotted}) {
    if (const std::string_view found = reading(name); !found.empty()) return std::string(found);
  }
  return std::string(dso);
}

}  // namespace prof
