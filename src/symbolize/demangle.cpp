// perf 6.1 of Debian hands every ELF name to libiberty's cplus_demangle() without options, which
// tries Rust (v0 and legacy) before Itanium C++, and drops parameters and clone suffixes; what that
// does not take, perf tries as OCaml. The same library called the same way gives the same names.
#include "symbolize/demangle.h"

#include <libiberty/demangle.h>

#include <csetjmp>

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
  if (mangled[0] != '_' || (mangled[1] != 'Z' && mangled[1] != 'R' && mangled[1] != 'G')) {
    return std::nullopt;
  }
  const std::string terminated(mangled);
  const int options = style == DemangleStyle::Full ? DMGL_PARAMS | DMGL_ANSI : DMGL_NO_OPTS;
  Sink sink;
  if (!print(sink, terminated.c_str(), options) || sink.text.empty()) return std::nullopt;
  return std::move(sink.text);
}

}  // namespace prof
