// read_usdt_probes: the static probes that a program or library brings along (USDT), from the notes
// of systemtap's <sys/sdt.h>. Asked by list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "object/elf_file.h"

namespace prof {

/// The strings are views into the file.
struct UsdtProbe {
  std::string_view provider, name;
  std::string_view arguments;  // "8@%rdi -4@$3"
  uint64_t location = 0;       // as linked; .stapsdt.base is taken into account
  uint64_t semaphore = 0;      // 0: none
};

/// In the order of the file; notes that are cut or of another form are left out.
std::vector<UsdtProbe> read_usdt_probes(const ElfFile& file);

}  // namespace prof
