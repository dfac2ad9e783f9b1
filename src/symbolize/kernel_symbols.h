// Kernel symbols from the text of /proc/kallsyms: functions, modules and BPF programs.
// Used by the Symbolizer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/build_id.h"
#include "common/result.h"
#include "symbolize/symbol_table.h"

namespace prof {

/// Where the recorded kernel had a symbol, so that the addresses of another boot can be shifted.
struct KernelReference {
  std::string_view symbol;  // "_text", "_stext"; empty if unknown
  uint64_t address = 0;     // 0 if unknown
};

struct Kallsyms {
  SymbolTable symbols;
  bool restricted = false;  // every address is 0: kernel.kptr_restrict hides them
  // Where the text has _text and _stext, which recordings refer to; 0: nowhere.
  uint64_t text = 0;
  uint64_t stext = 0;
  size_t bad_lines = 0;
};

/// Lines "ADDRESS TYPE NAME" or "ADDRESS TYPE NAME\t[MODULE]". Where `reference` was somewhere else
/// when recorded, the kernel's symbols move with it, and modules, which move on their own, are left
/// out.
Kallsyms parse_kallsyms(std::vector<char> text, const KernelReference& reference);

Result<std::vector<char>> read_kallsyms(const std::string& path);
/// What it says of the kernel itself, up to the first module or BPF program: as long as the kernel
/// runs, this does not change.
std::string_view kernel_part(std::string_view kallsyms);

/// The build id of the kernel we run on; empty if it does not say.
BuildId running_kernel_build_id();

}  // namespace prof
