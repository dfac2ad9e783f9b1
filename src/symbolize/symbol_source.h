// SymbolSource: where the names of one DSO come from, or why there are none.
// Opened by the Symbolizer, once for each DSO that is asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "object/debug_file.h"
#include "object/dso.h"
#include "symbolize/symbol_table.h"
#include "symbolize/symbolizer.h"

namespace prof {

struct SymbolSource {
  SymbolTable table;
  uint64_t bias = 0;     // what the table's addresses are less than the ones asked for
  bool mangled = false;  // names want demangling
  MissReason miss = MissReason::None;  // why there is no table
  std::string warning;  // a sentence for the user; may be empty even where there is no table
};

/// Files, the vdso and JIT code; kernel DSOs are the business of the next two. `finder` says where
/// the symbols of a stripped file are.
SymbolSource open_source(const Dso& dso, const KernelInfo& kernel, const SymbolizerOptions& options,
                         DebugFileFinder& finder);
/// The binary of `dso` as it was recorded: at its path, or, if that is gone or replaced, a copy of
/// the same build id from perf's cache, record's own or debuginfod. If there is none, `miss` and
/// `warning` say why.
FoundFile open_binary(const Dso& dso, const KernelInfo& kernel, const SymbolizerOptions& options,
                      DebugFileFinder& finder, MissReason& miss, std::string& warning);
/// This process's own vdso, if it is the recorded one; else `miss` and `warning` say why not.
std::shared_ptr<const ElfFile> open_vdso(const Dso& dso, const KernelInfo& kernel, MissReason& miss,
                                         std::string& warning);
/// The vmlinux that the options name, or else the one that is the recorded kernel's; if there is
/// none, `miss` and `warning` say why.
FoundFile open_vmlinux(const KernelInfo& kernel, const SymbolizerOptions& options,
                       DebugFileFinder& finder, MissReason& miss, std::string& warning);
/// What the addresses of a vmlinux are less than those recorded: 0 if the recording does not tell
/// where the kernel was, nothing if the image does not have the symbol that tells.
std::optional<uint64_t> vmlinux_bias(const KernelInfo& kernel, const ElfFile& image);
SymbolSource open_jitdump(std::shared_ptr<const JitDump> dump);
/// The symbols of open_vmlinux().
SymbolSource open_kernel_image(const KernelInfo& kernel, const SymbolizerOptions& options,
                               DebugFileFinder& finder);
/// A module's own file, for a module that was loaded at `start`.
SymbolSource open_module(const Dso& module, uint64_t start, const KernelInfo& kernel,
                         const SymbolizerOptions& options);
/// The symbols of the running kernel itself from the cache, where they are kept since kallsyms was
/// read last: the kernel takes longer to write its list than prof to read a recording.
SymbolSource open_cached_kernel(const KernelInfo& kernel, const SymbolizerOptions& options);
/// The same by a list that the recording brings along.
SymbolSource open_recorded_kallsyms(std::vector<char> text);
/// The kernel, modules and BPF programs.
SymbolSource open_kallsyms(const KernelInfo& kernel, const SymbolizerOptions& options);

}  // namespace prof
