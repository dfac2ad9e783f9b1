// CoreMemory: memory by its address from a core file: /proc/kcore, which is that of the running
// kernel, or a copy. Used by symbolize/code_image, for the code of kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/address.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

/// Of this machine's kind, as /proc/kcore is. Reads what is asked for and no more: the file is as
/// large as the address space.
class CoreMemory {
 public:
  static Result<CoreMemory> open(const std::string& path);

  uint16_t machine() const { return machine_; }
  /// How many bytes from `addr` on were read: fewer where the part of memory ends that holds it.
  size_t read(VirtAddr addr, std::span<std::byte> out) const;

 private:
  struct Part {
    uint64_t begin = 0, size = 0, offset = 0;
  };
  UniqueFd fd_;
  uint16_t machine_ = 0;
  std::vector<Part> parts_;
};

}  // namespace prof
