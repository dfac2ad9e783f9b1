// Any bytes as jit-PID.dump, and the unwind table of its code.
#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "symbolize/jitdump.h"
#include "unwind/generated_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto dump = prof::JitDump::parse(std::as_bytes(std::span(data, size)), "fuzz");
  if (!dump) return 0;
  const prof::SymbolTable table = dump->symbols();
  std::vector<prof::GeneratedFunction> functions;
  for (const prof::JitFunction& function : dump->functions()) {
    // Code lies in the dump, and its names are found there.
    if (function.code.position + function.code.size > size) __builtin_trap();
    if (dump->eh_frame(function).size() > size) __builtin_trap();
    const uint64_t begin = function.code.position;
    functions.push_back({begin, begin + function.code.size, dump->eh_frame(function)});
    const uint32_t found = table.find(function.code.position);
    if (found == prof::SymbolTable::kNotFound) __builtin_trap();
    if (table.name(found) != dump->name(function)) __builtin_trap();
    (void)dump->line_of(function.code.position + function.code.size - 1);
  }
  for (const prof::JitCode& code : dump->codes()) {
    if (code.function >= dump->functions().size()) __builtin_trap();
  }
  static prof::RuleDictionary rules;
  const auto table_of_code = prof::build_generated_table(EM_X86_64, functions, rules);
  if (table_of_code.has_value() == functions.empty()) __builtin_trap();
  for (const prof::GeneratedFunction& function : functions) {
    // Nothing in there ends a walk for want of a rule.
    for (const uint64_t at : {function.begin, function.end - 1}) {
      if (table_of_code->find(prof::ElfAddr{at}) == UNWIND_RULE_NONE) __builtin_trap();
    }
  }
  return 0;
}
