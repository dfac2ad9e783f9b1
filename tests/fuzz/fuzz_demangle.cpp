// Any bytes as a mangled name, and as one to be made short.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "symbolize/demangle.h"
#include "symbolize/short_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  for (const auto style : {prof::DemangleStyle::Names, prof::DemangleStyle::Full}) {
    const auto readable = prof::demangle(name, style);
    if (readable && readable->empty()) __builtin_trap();
    if (readable) (void)prof::short_name(*readable);
  }
  // An ellipsis is three bytes in place of none.
  if (prof::short_name(name).size() > size * 4) __builtin_trap();
  return 0;
}
