#include "report/frame_table.h"

#include <string>

#include "common/hash.h"

namespace prof {

namespace {

// Kernel addresses mean the same in every process: they share one space. Modes keep apart what a
// guest and its host may both use.
constexpr uint32_t kKernelSpace = 0x7fffff00;
// An address is looked up differently by what it is.
constexpr uint32_t kReturnAddress = 1u << 31;

char level_of(CpuMode mode) {
  switch (mode) {
    case CpuMode::Kernel:
      return 'k';
    case CpuMode::User:
      return '.';
    case CpuMode::GuestKernel:
      return 'g';
    case CpuMode::GuestUser:
      return 'u';
    case CpuMode::Hypervisor:
      return 'H';
    case CpuMode::Unknown:
      break;
  }
  return '?';
}

/// What a picture shows for code without symbols: the file it is in, in brackets.
std::string bracketed(std::string_view dso) {
  if (dso.starts_with('[')) return std::string(dso);
  return "[" + std::string(dso.substr(dso.rfind('/') + 1)) + "]";
}

}  // namespace

size_t FrameTable::KeyHash::operator()(const Key& key) const {
  return hash_mix(key.address ^ static_cast<uint64_t>(key.mode) << 56,
                  uint64_t{key.dso} << 32 | key.name);
}

FrameId FrameTable::frame_of(uint32_t space, const ThreadState& state, uint64_t time, CpuMode mode,
                             FrameAddress address) {
  if (mode != CpuMode::User) {
    space = kKernelSpace + static_cast<uint32_t>(mode);
    time = UINT64_MAX;  // what is loaded later in the recording has a name, too
  }
  if (address.kind == AddrKind::ReturnAddress) space |= kReturnAddress;
  const size_t slot = slot_of(space, raw(address.addr));
  if (slots_[slot].frame.valid()) return slots_[slot].frame;
  const FrameId frame = intern(recording_.resolve(state, time, mode, address), mode);
  slots_[slot] = {raw(address.addr), space, frame};
  if (++used_ * 2 > slots_.size()) grow();
  return frame;
}

FrameId FrameTable::intern(const ResolvedAddress& resolved, CpuMode mode) {
  const bool found = resolved.symbol.found();
  const Key key{resolved.mapping ? resolved.mapping->dso.value : DsoId::kNone,
                found ? resolved.symbol.start : resolved.dso_address,
                found ? resolved.symbol.name.value : StringId::kNone, mode};
  const auto [it, added] =
      frames_.try_emplace(key, FrameId{static_cast<uint32_t>(profile_.frames.size())});
  if (!added) return it->second;
  Frame frame;
  frame.address = key.address;
  frame.level = level_of(mode);
  fill_names(frame, resolved);
  if (found) {
    frame.kind = mode == CpuMode::User ? FrameKind::User : FrameKind::Kernel;
    const bool jit =
        resolved.mapping && recording_.dsos()[resolved.mapping->dso].kind == DsoKind::PerfMap;
    if (jit) frame.kind = FrameKind::Jit;
  } else {
    frame.kind = FrameKind::Unknown;
  }
  profile_.frames.push_back(frame);
  return it->second;
}

void FrameTable::fill_names(Frame& frame, const ResolvedAddress& resolved) {
  StringTable& strings = profile_.strings;
  const StringTable& names = recording_.strings();
  if (resolved.mapping) {
    const Dso& dso = recording_.dsos()[resolved.mapping->dso];
    frame.dso = strings.intern(dso.name);
    frame.dso_short = strings.intern(dso.short_name);
  }
  if (resolved.symbol.found()) {
    frame.symbol = strings.intern(names[resolved.symbol.name]);
    frame.name = frame.symbol;
  } else {
    frame.name =
        strings.intern(resolved.mapping ? bracketed(strings[frame.dso_short]) : "[unknown]");
  }
}

size_t FrameTable::slot_of(uint32_t space, uint64_t address) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash_mix(address, space) & mask;
  while (slots_[slot].frame.valid() &&
         (slots_[slot].address != address || slots_[slot].space != space)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void FrameTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& entry : old) {
    if (entry.frame.valid()) slots_[slot_of(entry.space, entry.address)] = entry;
  }
}

}  // namespace prof
