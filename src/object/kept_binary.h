// What binaries go by that record keeps in the disk cache, because nobody would find them later.
// Used by FileKeeper, which puts them there, and by DebugFileFinder.
#pragma once

#include <string>

#include "common/build_id.h"

namespace prof {

/// `id` is not empty.
inline std::string kept_binary_key(const BuildId& id) {
  return "elf-" + id.hex();
}

}  // namespace prof
