// perf 6.1 of Debian hands every ELF name to libiberty's cplus_demangle() without options, which
// tries Rust (v0 and legacy) before Itanium C++, and drops parameters and clone suffixes; what that
// does not take, perf tries as OCaml. The same library called the same way gives the same names.
// D, which perf prints as linked, is read as well.
#include "symbolize/demangle.h"

#include <libiberty/demangle.h>

#include <algorithm>
#include <csetjmp>
#include <cstdlib>
#include <memory>

namespace prof {

namespace {

constexpr size_t kMaxMangled = size_t{32} << 10;
constexpr size_t kMaxReadable = size_t{1} << 20;

/// Where libiberty's printer puts its text, and the way out of it. The printer goes on until it
/// has printed everything, which for a hostile name may be never; it holds no memory while it
/// calls back, so leaving by longjmp loses nothing.
struct Sink {
  std::string text;
  std::jmp_buf too_long;
};

void append(const char* text, size_t size, void* opaque) {
  auto* sink = static_cast<Sink*>(opaque);
  if (sink->text.size() + size > kMaxReadable) std::longjmp(sink->too_long, 1);
  sink->text.append(text, size);
}

bool print(Sink& sink, const char* mangled, int options) {
  if (setjmp(sink.too_long) != 0) return false;
  return rust_demangle_callback(mangled, options, append, &sink) != 0 ||
         (sink.text.clear(), cplus_demangle_v3_callback(mangled, options, append, &sink) != 0);
}

std::optional<std::string> demangle_itanium_or_rust(const std::string& mangled,
                                                    DemangleStyle style) {
  const int options = style == DemangleStyle::Full ? DMGL_PARAMS | DMGL_ANSI : DMGL_NO_OPTS;
  Sink sink;
  if (!print(sink, mangled.c_str(), options) || sink.text.empty()) return std::nullopt;
  return std::move(sink.text);
}

/// "f.g!(int)(char) const" without what ends it: "f.g!(int)". A template's arguments stand behind
/// a '!'.
void drop_parameters(std::string& name) {
  const size_t close = name.rfind(')');
  if (close == name.npos) return;
  size_t depth = 0;
  for (size_t at = close + 1; at-- > 0;) {
    depth += name[at] == ')';
    depth -= name[at] == '(';
    if (depth > 0) continue;
    if (at > 0 && name[at - 1] != '!') name.resize(at);
    return;
  }
}

/// D's "_D3std5stdio4File5closeMFZv" is std.stdio.File.close. libiberty has no way out of a name
/// that reads as gigabytes: each back reference, a 'Q', may double it, so names have few of them.
std::optional<std::string> demangle_d(const std::string& mangled, DemangleStyle style) {
  constexpr size_t kMaxD = 4096;
  constexpr ptrdiff_t kMaxReferences = 10;
  if (mangled.size() > kMaxD || std::ranges::count(mangled, 'Q') > kMaxReferences) {
    return std::nullopt;
  }
  const std::unique_ptr<char, decltype(&std::free)> text(dlang_demangle(mangled.c_str(), 0),
                                                         std::free);
  if (!text || *text == '\0') return std::nullopt;
  std::string name = text.get();
  if (style == DemangleStyle::Names) drop_parameters(name);
  return name;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The code in "$xx" at the beginning of `text`; -1 if there is none.
int escaped_character(std::string_view text) {
  if (text.size() < 3 || text[0] != '$' || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0) {
    return -1;
  }
  return hex_digit(text[1]) * 16 + hex_digit(text[2]);
}

/// OCaml's "camlStdlib__List__map_123" is Stdlib.List.map_123: "__" separates modules, and "$xx"
/// is the character of that code (left alone if it is none that can be printed).
std::optional<std::string> demangle_ocaml(std::string_view mangled) {
  constexpr std::string_view kPrefix = "caml";
  if (!mangled.starts_with(kPrefix)) return std::nullopt;
  mangled.remove_prefix(kPrefix.size());
  if (mangled.empty() || mangled[0] < 'A' || mangled[0] > 'Z') return std::nullopt;

  std::string result;
  for (size_t i = 0; i < mangled.size(); ++i) {
    const std::string_view rest = mangled.substr(i);
    if (rest.starts_with("__")) {
      result += '.';
      ++i;
    } else if (const int code = escaped_character(rest); code >= ' ') {
      result += static_cast<char>(code);
      i += 2;
    } else {
      result += rest[0];
    }
  }
  return result;
}

}  // namespace

std::optional<std::string> demangle(std::string_view mangled, DemangleStyle style) {
  if (mangled.size() < 3 || mangled.size() > kMaxMangled) return std::nullopt;
  if (mangled[0] == 'c') return demangle_ocaml(mangled);
  if (mangled[0] != '_' || std::string_view("ZRGD").find(mangled[1]) == std::string_view::npos) {
    return std::nullopt;
  }
  const auto read = mangled[1] == 'D' ? demangle_d : demangle_itanium_or_rust;
  auto name = read(std::string(mangled), style);
  if (name) return name;
  // Suffixes that libiberty does not know: "@@GLIBCXX_3.4", ".Cold".
  const size_t suffix = mangled.find_first_of("@.");
  if (suffix == mangled.npos) return std::nullopt;
  name = read(std::string(mangled.substr(0, suffix)), style);
  if (!name || style == DemangleStyle::Names) return name;
  const std::string_view rest = mangled.substr(suffix);
  *name += rest[0] == '@' ? std::string(rest) : " [clone " + std::string(rest) + "]";
  return name;
}

}  // namespace prof
