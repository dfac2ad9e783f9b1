// The vdso's image as the kernel maps it into this very process. Used by the Symbolizer.
#pragma once

#include "common/result.h"
#include "object/elf_file.h"

namespace prof {

/// Valid as long as the process lives.
Result<ElfFile> running_vdso();

}  // namespace prof
