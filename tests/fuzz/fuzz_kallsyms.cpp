// Any text as /proc/kallsyms, with and without a recorded reference to shift to.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbolize/kernel_symbols.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const uint64_t address : {uint64_t{0}, uint64_t{0xffffffff81000000}}) {
    const auto kallsyms =
        prof::parse_kallsyms(std::vector<char>(data, data + size), {"_text", address});
    for (const auto& entry : kallsyms.symbols.entries()) {
      const uint32_t found = kallsyms.symbols.find(entry.start);
      if (found == prof::SymbolTable::kNotFound) continue;
      if (kallsyms.symbols.name(found).empty()) __builtin_trap();
    }
  }
  return 0;
}
