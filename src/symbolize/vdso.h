// The vdso's image as the kernel maps it into this very process. Used by the Symbolizer.
#pragma once

#include <cstddef>
#include <span>

#include "common/result.h"
#include "object/elf_file.h"

namespace prof {

/// Both are valid as long as the process lives.
Result<ElfFile> running_vdso();
Result<std::span<const std::byte>> running_vdso_image();

}  // namespace prof
