#include "report/code_bytes.h"

#include <fmt/format.h>

#include <algorithm>

namespace prof {

const CodeImage* CodeBytes::image_of(DsoId dso) {
  const auto [it, added] = images_.try_emplace(dso.value);
  if (added) it->second = recording_.symbolizer().code_of(dso);
  return it->second.get();
}

Disassembler* CodeBytes::disassembler_of(uint16_t machine) {
  const auto [it, added] = disassemblers_.try_emplace(machine);
  if (added) {
    it->second = Disassembler::make(machine);
    if (!it->second) {
      recording_.warn_once(
          fmt::format("{}: instructions of its machine (ELF's number {}) are not shown: only those "
                      "of x86-64, i386 and aarch64 are known",
                      recording_.reader().path(), machine));
    }
  }
  return it->second.get();
}

Code CodeBytes::at(const ThreadState& state, uint64_t time, CpuMode mode, uint64_t address,
                   size_t size) {
  const Mapping* mapping = recording_.mapping_of(state, time, mode, VirtAddr{address});
  // What names addresses of a file, not places in it, is of simpleperf's making.
  const bool kernel = mode == CpuMode::Kernel;
  if (!mapping || (mapping->absolute && !kernel)) return {};
  const CodeImage* image = image_of(mapping->dso);
  if (!image) return {};
  Code code;
  code.disassembler = disassembler_of(image->machine());
  if (!code.disassembler) return {};
  buffer_.resize(std::min<uint64_t>(size, raw(mapping->end) - address));
  const size_t read = image->read(mapping->to_dso(VirtAddr{address}), buffer_);
  code.bytes = std::span(buffer_).first(read);
  return code;
}

}  // namespace prof
