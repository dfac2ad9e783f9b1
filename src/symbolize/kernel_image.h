// The files that a kernel and its modules were loaded from, for when kallsyms cannot be used: it is
// of another kernel or of another boot, or hides its addresses. Asked by the symbol sources.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "object/debug_file.h"
#include "object/dso.h"
#include "symbolize/symbolizer.h"

namespace prof {

/// The vmlinux of the recorded build id, from where distributions and developers have it; nothing
/// if there is none, or if the recording does not tell the build id or where the kernel was.
FoundFile find_vmlinux(const KernelInfo& kernel, const SymbolizerOptions& options,
                       DebugFileFinder& finder);

/// The .ko file of a module, plain or compressed: where the recording says, or by its name in the
/// list of the kernel's release. Of the recorded build id, if that is known.
FoundFile find_module(const Dso& module, const KernelInfo& kernel,
                      const SymbolizerOptions& options);

/// Where each section of a module is, relative to the module's start, by section index; UINT64_MAX
/// for those that are not executable code of its core. As the kernel's layout_sections() puts them:
/// first all that is executable, in the order of the file.
std::vector<uint64_t> module_layout(const ElfFile& module);

}  // namespace prof
