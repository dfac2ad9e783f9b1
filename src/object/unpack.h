// Files and sections that are compressed as a whole: kernel modules, mini debug info.
// Called by the readers of both.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "object/elf_file.h"

namespace prof {

/// What xz, gzip or zstd made of at most `most` bytes, told by its magic number. Empty if it is
/// none of these, malformed, cut off, or larger.
std::vector<std::byte> unpack(std::span<const std::byte> packed, size_t most);

/// The ELF file in `bytes`, which live as long as it does. Null if it is none.
std::shared_ptr<const ElfFile> elf_of_bytes(std::vector<std::byte> bytes, const std::string& name);

/// Opens an ELF file that may be compressed.
Result<std::shared_ptr<const ElfFile>> open_packed_elf(const std::string& path);

}  // namespace prof
