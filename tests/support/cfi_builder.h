// CfiBuilder: .eh_frame and .debug_frame sections made entry by entry. Used by the tests of the
// unwind tables and by the seeds of their fuzzer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "common/byte_writer.h"

namespace prof::test {

using Bytes = std::vector<uint8_t>;

struct BuilderCie {
  uint8_t version = 1;
  std::string augmentation = "zR";
  uint8_t code_align = 1;     // one byte of LEB128 each
  uint8_t data_align = 0x78;  // -8
  uint8_t return_register = 16;
  uint8_t pointer_encoding = 0x1b;  // pcrel, sdata4
  /// x86-64's usual: CFA = rsp + 8, return address at CFA - 8.
  Bytes instructions = {0x0c, 7, 8, 0x80 | 16, 1};
};

class CfiBuilder {
 public:
  /// `addr` is where the section is loaded.
  explicit CfiBuilder(uint64_t addr, bool debug_frame = false)
      : addr_(addr), debug_frame_(debug_frame) {}

  CfiBuilder& cie(const BuilderCie& cie = {});
  /// Of the CIE that came last.
  CfiBuilder& fde(uint64_t begin, uint64_t size, const Bytes& instructions = {});
  CfiBuilder& terminator();
  /// An entry of any content, after its length.
  CfiBuilder& raw_entry(const Bytes& content);
  std::vector<std::byte> bytes() const { return {out_.view().begin(), out_.view().end()}; }

 private:
  void begin_entry();
  void end_entry();

  ByteWriter out_;
  uint64_t addr_;
  bool debug_frame_;
  size_t entry_ = 0;
  size_t last_cie_ = 0;
  uint8_t encoding_ = 0;
  bool sized_ = false;
};

/// .eh_frame_hdr at `addr` for an .eh_frame at `eh_frame`, without a search table.
std::vector<std::byte> eh_frame_header(uint64_t addr, uint64_t eh_frame);

}  // namespace prof::test
