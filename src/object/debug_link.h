// The links of an ELF file to its separate debug information: .gnu_debuglink, .gnu_debugaltlink.
// Read by debug_file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "object/elf_file.h"

namespace prof {

/// .gnu_debuglink: a file name, and the CRC-32 of that file's bytes (GDB manual, "Separate Debug
/// Files").
struct DebugLink {
  std::string name;
  uint32_t crc = 0;
};
std::optional<DebugLink> read_debug_link(const ElfFile& file);

/// .gnu_debugaltlink: the file that dwz moved common debug information to, and its build id.
struct DebugAltLink {
  std::string name;
  BuildId build_id;
};
std::optional<DebugAltLink> read_debug_alt_link(const ElfFile& file);

/// The CRC-32 of a whole file; nothing if it cannot be read.
std::optional<uint32_t> crc_of_file(const std::string& path);

}  // namespace prof
