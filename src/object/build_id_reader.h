// Build ids at their source: ELF files, the running kernel, its modules and the vdso. Called by
// record, once for each file, with small reads only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "common/build_id.h"

namespace prof {

/// The GNU build id among ELF notes; empty if there is none.
BuildId build_id_of_notes(std::span<const std::byte> notes, size_t alignment = 4);

/// The build id of the ELF file behind `fd`, of either word size and byte order; empty if the file
/// is no ELF, has none, or cannot be read. Does not move the file position.
BuildId build_id_of_file(int fd);

/// The same for an ELF image in memory whose bytes lie at their file offsets.
BuildId build_id_of_image(std::span<const std::byte> image);

/// Of the running kernel, from /sys/kernel/notes.
BuildId kernel_build_id();

/// Of a loaded kernel module, by its name in /proc/modules.
BuildId module_build_id(const std::string& module);

/// Of the vdso in this process, which is that of every process of the same word size; `size` gets
/// the length of its mapping.
BuildId vdso_build_id(uint64_t& size);

}  // namespace prof
