// Any text as /tmp/perf-PID.map.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbolize/perf_map.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto map = prof::parse_perf_map(std::vector<char>(data, data + size));
  for (const auto& entry : map.symbols.entries()) {
    // Every line covers at least one address, so at its start there is a symbol, if not its own.
    const uint32_t found = map.symbols.find(entry.start);
    if (found == prof::SymbolTable::kNotFound) __builtin_trap();
    if (map.symbols.name(found).empty()) __builtin_trap();
  }
  return 0;
}
