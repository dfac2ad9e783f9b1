// JitDumpBuilder: jitdumps made byte by byte, of either byte order. Used by the tests of the reader
// and of what is made of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "support/perf_data_builder.h"

namespace prof::test {

struct BuilderLine {
  uint64_t address = 0;
  uint32_t line = 0, column = 0;
  std::string_view file;
};

class JitDumpBuilder {
 public:
  explicit JitDumpBuilder(uint32_t pid = 7, bool swap = false, uint64_t time = 0,
                          uint64_t flags = 0, uint32_t version = 1, uint32_t header_size = 40);

  /// The code is `code_size` bytes of 0x90. Returns where it will be in the dump.
  uint64_t load(uint64_t time, uint64_t address, uint64_t code_size, std::string_view name,
                uint64_t index = 0);
  JitDumpBuilder& move(uint64_t time, uint64_t from, uint64_t to, uint64_t code_size,
                       uint64_t index);
  JitDumpBuilder& debug_info(uint64_t address, const std::vector<BuilderLine>& lines);
  JitDumpBuilder& unwinding_info(std::string_view eh_frame_hdr, std::string_view eh_frame);
  JitDumpBuilder& close();
  /// `size`: what the record says it is, if not what it is.
  JitDumpBuilder& record(uint32_t id, uint64_t time, std::span<const std::byte> payload,
                         uint32_t size = 0);

  EndianWriter payload() const { return EndianWriter(out_.swapped()); }
  std::vector<std::byte> bytes() const { return {out_.view().begin(), out_.view().end()}; }

 private:
  uint32_t pid_;
  EndianWriter out_;
};

}  // namespace prof::test
