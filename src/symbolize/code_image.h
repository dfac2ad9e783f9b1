// CodeImage: the bytes of a DSO's code. Opened by the Symbolizer, which knows where binaries are;
// read by report/code_bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "object/core_memory.h"
#include "object/debug_file.h"
#include "object/dso.h"
#include "object/elf_file.h"
#include "symbolize/symbolizer.h"

namespace prof {

class CodeImage {
 public:
  /// Of a file whose addresses are asked for by where they are in the file.
  static std::shared_ptr<const CodeImage> by_offset(std::shared_ptr<const ElfFile> file);
  /// Of a file that was loaded `bias` above the addresses that it says.
  static std::shared_ptr<const CodeImage> by_address(std::shared_ptr<const ElfFile> file,
                                                     uint64_t bias);
  static std::shared_ptr<const CodeImage> of_memory(CoreMemory memory);

  /// ELF's number.
  uint16_t machine() const;
  /// How many bytes from `address` on, which is what Mapping::to_dso() gives, were read.
  size_t read(uint64_t address, std::span<std::byte> out) const;

 private:
  std::shared_ptr<const ElfFile> file_;
  CoreMemory memory_;  // instead of a file
  bool offsets_ = false;
  uint64_t bias_ = 0;
};

/// Of a file or of the vdso; nullptr if it is not to be had as it was recorded, or has no file.
std::shared_ptr<const CodeImage> open_code(const Dso& dso, const KernelInfo& kernel,
                                           const SymbolizerOptions& options,
                                           DebugFileFinder& finder);
/// Of the kernel and, where it is the memory of the kernel itself, of its modules: the vmlinux that
/// the options name; the kcore beside kallsyms, if that is of the boot that was recorded; or the
/// vmlinux of the recorded build id.
std::shared_ptr<const CodeImage> open_kernel_code(const KernelInfo& kernel,
                                                  const SymbolizerOptions& options,
                                                  DebugFileFinder& finder);

}  // namespace prof
