#include "report/code_text.h"

#include <fmt/format.h>

#include <iterator>

#include "report/script_frames.h"

namespace prof {

void append_bytes(std::span<const std::byte> bytes, std::string& out) {
  const auto at = std::back_inserter(out);
  for (size_t i = 0; i < bytes.size(); ++i) {
    fmt::format_to(at, "{}{:02x}", i == 0 ? "" : " ", std::to_integer<unsigned>(bytes[i]));
  }
}

Code CodeText::one(const SampleRecord& sample, const ThreadState& state) {
  constexpr size_t kLongest = 16;
  if (sample.ip == 0) return {};
  Code code = code_.at(state, sample.time, sample.cpu_mode(), sample.ip, kLongest);
  if (!code.disassembler) return {};
  const auto found = code.disassembler->decode(code.bytes);
  code.bytes = code.bytes.first(found ? found->length : 0);
  return code;
}

std::span<const std::byte> CodeText::bytes(const SampleRecord& sample, const ThreadState& state) {
  return one(sample, state).bytes;
}

std::string CodeText::meaning(const SampleRecord& sample, const ThreadState& state) {
  const Code code = one(sample, state);
  if (code.bytes.empty()) return {};
  auto text = code.disassembler->text(code.bytes, sample.ip);
  if (!text) return std::string(kUnknownName);
  if (text->target) {
    const ResolvedAddress found = recording_.resolve(state, sample.time, sample.cpu_mode(),
                                                     FrameAddress{VirtAddr{*text->target}});
    if (found.symbol.found()) {
      const uint64_t offset = found.dso_address - found.symbol.start;
      text->operands = recording_.strings()[found.symbol.name];
      text->operands += fmt::format("+0x{:x}", offset);
    }
  }
  return text->operands.empty() ? text->mnemonic : text->mnemonic + " " + text->operands;
}

}  // namespace prof
