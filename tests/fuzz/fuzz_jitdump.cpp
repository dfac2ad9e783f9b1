// Any bytes as jit-PID.dump.
#include <cstddef>
#include <cstdint>
#include <span>

#include "symbolize/jitdump.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto dump = prof::JitDump::parse(std::as_bytes(std::span(data, size)), "fuzz");
  if (!dump) return 0;
  const prof::SymbolTable table = dump->symbols();
  for (const prof::JitFunction& function : dump->functions()) {
    // Code lies in the dump, and its names are found there.
    if (function.code.position + function.code.size > size) __builtin_trap();
    if (function.eh_frame.position + function.eh_frame.size > size) __builtin_trap();
    const uint32_t found = table.find(function.code.position);
    if (found == prof::SymbolTable::kNotFound) __builtin_trap();
    if (table.name(found) != dump->name(function)) __builtin_trap();
    (void)dump->line_of(function.code.position + function.code.size - 1);
  }
  for (const prof::JitCode& code : dump->codes()) {
    if (code.function >= dump->functions().size()) __builtin_trap();
  }
  return 0;
}
