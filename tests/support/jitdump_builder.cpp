#include "support/jitdump_builder.h"

namespace prof::test {

JitDumpBuilder::JitDumpBuilder(uint32_t pid, bool swap, uint64_t time, uint64_t flags,
                               uint32_t version, uint32_t header_size)
    : pid_(pid), out_(swap) {
  constexpr uint32_t kX86_64 = 62;
  out_.u32(0x4a695444).u32(version).u32(header_size).u32(kX86_64).u32(0).u32(pid);
  out_.u64(time).u64(flags);
  if (header_size > 40) out_.zeros(header_size - 40);
}

JitDumpBuilder& JitDumpBuilder::record(uint32_t id, uint64_t time,
                                       std::span<const std::byte> payload, uint32_t size) {
  out_.u32(id).u32(size != 0 ? size : static_cast<uint32_t>(16 + payload.size())).u64(time);
  out_.bytes(payload);
  return *this;
}

uint64_t JitDumpBuilder::load(uint64_t time, uint64_t address, uint64_t code_size,
                              std::string_view name, uint64_t index) {
  EndianWriter body = payload();
  body.u32(pid_).u32(pid_).u64(address).u64(address).u64(code_size).u64(index);
  body.text(name).u8(0);
  const uint64_t position = out_.size() + 16 + body.size();
  for (uint64_t i = 0; i < code_size; ++i) body.u8(0x90);
  record(0, time, body.view());
  return position;
}

JitDumpBuilder& JitDumpBuilder::move(uint64_t time, uint64_t from, uint64_t to, uint64_t code_size,
                                     uint64_t index) {
  EndianWriter body = payload();
  body.u32(pid_).u32(pid_).u64(to).u64(from).u64(to).u64(code_size).u64(index);
  return record(1, time, body.view());
}

JitDumpBuilder& JitDumpBuilder::debug_info(uint64_t address,
                                           const std::vector<BuilderLine>& lines) {
  EndianWriter body = payload();
  body.u64(address).u64(lines.size());
  for (const BuilderLine& line : lines) {
    body.u64(line.address).u32(line.line).u32(line.column).text(line.file).u8(0);
  }
  return record(2, 0, body.view());
}

JitDumpBuilder& JitDumpBuilder::unwinding_info(std::string_view eh_frame_hdr,
                                               std::string_view eh_frame) {
  EndianWriter body = payload();
  body.u64(eh_frame_hdr.size() + eh_frame.size()).u64(eh_frame_hdr.size()).u64(0);
  body.text(eh_frame_hdr).text(eh_frame);
  return record(4, 0, body.view());
}

JitDumpBuilder& JitDumpBuilder::close() {
  return record(3, 0, {});
}

}  // namespace prof::test
