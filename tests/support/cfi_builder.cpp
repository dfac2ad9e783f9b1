#include "support/cfi_builder.h"

namespace prof::test {

namespace {

std::span<const std::byte> view(const Bytes& bytes) {
  return std::as_bytes(std::span(bytes));
}

}  // namespace

void CfiBuilder::begin_entry() {
  entry_ = out_.size();
  out_.u32(0);
}

void CfiBuilder::end_entry() {
  while ((out_.size() - entry_) % 8 != 0) out_.u8(0);  // DW_CFA_nop
  out_.patch(entry_, static_cast<uint32_t>(out_.size() - entry_ - 4));
}

CfiBuilder& CfiBuilder::cie(const BuilderCie& cie) {
  begin_entry();
  last_cie_ = entry_;
  encoding_ = cie.augmentation.find('R') != std::string::npos ? cie.pointer_encoding : 0;
  sized_ = cie.augmentation.starts_with('z');
  out_.u32(debug_frame_ ? 0xffffffff : 0).u8(cie.version).text(cie.augmentation).u8(0);
  if (cie.version >= 4) out_.u8(8).u8(0);
  out_.u8(cie.code_align).u8(cie.data_align).u8(cie.return_register);
  if (sized_) {
    ByteWriter data;
    for (const char letter : cie.augmentation.substr(1)) {
      if (letter == 'R') data.u8(cie.pointer_encoding);
      if (letter == 'P') data.u8(0x03).u32(0x1234);  // udata4
      if (letter == 'L') data.u8(0x1b);
    }
    out_.u8(static_cast<uint8_t>(data.size())).bytes(data.view());
  }
  out_.bytes(view(cie.instructions));
  end_entry();
  return *this;
}

CfiBuilder& CfiBuilder::fde(uint64_t begin, uint64_t size, const Bytes& instructions) {
  begin_entry();
  out_.u32(static_cast<uint32_t>(debug_frame_ ? last_cie_ : out_.size() - last_cie_));
  if (encoding_ == 0x1b) {
    out_.u32(static_cast<uint32_t>(begin - (addr_ + out_.size())));
    out_.u32(static_cast<uint32_t>(size));
  } else {
    out_.u64(begin).u64(size);
  }
  if (sized_) out_.u8(0);
  out_.bytes(view(instructions));
  end_entry();
  return *this;
}

CfiBuilder& CfiBuilder::terminator() {
  out_.u32(0);
  return *this;
}

CfiBuilder& CfiBuilder::raw_entry(const Bytes& content) {
  out_.u32(static_cast<uint32_t>(content.size())).bytes(view(content));
  return *this;
}

std::vector<std::byte> eh_frame_header(uint64_t addr, uint64_t eh_frame) {
  ByteWriter out;
  out.u8(1).u8(0x1b).u8(0xff).u8(0xff);
  out.u32(static_cast<uint32_t>(eh_frame - (addr + 4)));
  return out.take();
}

}  // namespace prof::test
