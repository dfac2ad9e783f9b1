// CodeBytes: the code of a recording by its address, from the binaries and kernels that were
// recorded, and what it means. Used by code_text and branch_code.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "object/disassembler.h"
#include "report/recording.h"
#include "symbolize/code_image.h"

namespace prof {

/// Bytes of code, good until the next are asked for. Without a disassembler there are none.
struct Code {
  std::span<const std::byte> bytes;
  Disassembler* disassembler = nullptr;
};

class CodeBytes {
 public:
  explicit CodeBytes(Recording& recording) : recording_(recording) {}

  /// Up to `size` bytes from `address` on: fewer where the mapping ends, or what the file has of
  /// it.
  Code at(const ThreadState& state, uint64_t time, CpuMode mode, uint64_t address, size_t size);

 private:
  const CodeImage* image_of(DsoId dso);
  Disassembler* disassembler_of(uint16_t machine);

  Recording& recording_;
  std::unordered_map<uint32_t, std::shared_ptr<const CodeImage>> images_;  // by DsoId
  std::map<uint16_t, std::unique_ptr<Disassembler>> disassemblers_;        // by machine
  std::vector<std::byte> buffer_;
};

}  // namespace prof
