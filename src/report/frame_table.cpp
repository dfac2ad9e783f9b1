#include "report/frame_table.h"

#include <fmt/core.h>

#include <string>

#include "common/hash.h"

namespace prof {

namespace {

/// What a picture shows for code without symbols: the file it is in, in brackets.
std::string bracketed(std::string_view dso) {
  if (dso.starts_with('[')) return std::string(dso);
  return "[" + std::string(dso.substr(dso.rfind('/') + 1)) + "]";
}

}  // namespace

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

size_t FrameTable::KeyHash::operator()(const Key& key) const {
  return hash_mix(key.address ^ static_cast<uint64_t>(key.mode) << 56,
                  uint64_t{key.dso} << 32 | (key.name ^ (key.inlined ? 0x80000000u : 0)));
}

void FrameTable::add(const ThreadState& state, uint64_t time, CpuMode mode, FrameAddress address) {
  if (mode != CpuMode::User) time = UINT64_MAX;  // what is loaded later has a name, too
  addresses_.push_back({recording_.resolve(state, time, mode, address), mode});
}

void FrameTable::finish(bool inlined, bool lines, bool full_paths) {
  full_paths_ = full_paths;
  InlineTable inlines(recording_);
  if (inlined || lines) {
    for (const Address& address : addresses_) inlines.add(address.resolved);
    inlines.look_up();
  }
  begins_.reserve(addresses_.size() + 1);
  for (const Address& address : addresses_) {
    begins_.push_back(static_cast<uint32_t>(frame_ids_.size()));
    const auto calls = inlines.calls(address.resolved);
    const auto push = [&](FrameId frame, const SourceCall* call) {
      frame_ids_.push_back(lines ? with_line(frame, address.resolved, call) : frame);
    };
    // Without frames for inlined calls the line is where the address is: the innermost's.
    const SourceCall* own = calls.empty() ? nullptr : inlined ? &calls.back() : &calls.front();
    push(intern(address.resolved, address.mode), own);
    if (!inlined) continue;
    for (size_t i = calls.size(); i-- > 0;) {
      if (calls[i].inlined && calls[i].name.valid()) {
        push(intern_inlined(address.resolved, calls[i].name), &calls[i]);
      }
    }
  }
  begins_.push_back(static_cast<uint32_t>(frame_ids_.size()));
  addresses_ = {};
}

/// Of an address without a name: where it is in its file. Modules are looked up by where they are
/// in memory, which is of no use to who reads it.
uint64_t FrameTable::shown_address(const ResolvedAddress& resolved) const {
  const Mapping* mapping = resolved.mapping;
  if (!mapping || recording_.dsos()[mapping->dso].kind != DsoKind::KernelModule) {
    return resolved.dso_address;
  }
  return resolved.dso_address - raw(mapping->start) + raw(mapping->offset);
}

FrameId FrameTable::intern(const ResolvedAddress& resolved, CpuMode mode) {
  const bool found = resolved.symbol.found();
  const Key key{resolved.mapping ? resolved.mapping->dso.value : DsoId::kNone,
                found ? resolved.symbol.start : resolved.dso_address,
                found ? resolved.symbol.name.value : StringId::kNone, mode, false};
  const auto [it, added] =
      frames_.try_emplace(key, FrameId{static_cast<uint32_t>(profile_.frames.size())});
  if (!added) return it->second;
  Frame frame;
  frame.address = found ? key.address : shown_address(resolved);
  frame.level = level_of(mode);
  fill_names(frame, resolved);
  if (found) {
    frame.kind = mode == CpuMode::User ? FrameKind::User : FrameKind::Kernel;
    const DsoKind kind =
        resolved.mapping ? recording_.dsos()[resolved.mapping->dso].kind : DsoKind::File;
    if (kind == DsoKind::PerfMap || kind == DsoKind::JitDump) frame.kind = FrameKind::Jit;
  } else {
    frame.kind = FrameKind::Unknown;
  }
  profile_.frames.push_back(frame);
  misses_.resize(profile_.frames.size(), MissReason::None);
  misses_.back() = resolved.symbol.miss;
  return it->second;
}

/// A function that is inlined in many places of a file is one frame.
FrameId FrameTable::intern_inlined(const ResolvedAddress& resolved, StringId name) {
  const Key key{resolved.mapping->dso.value, 0, name.value, CpuMode::User, true};
  const auto [it, added] =
      frames_.try_emplace(key, FrameId{static_cast<uint32_t>(profile_.frames.size())});
  if (!added) return it->second;
  Frame frame;
  frame.kind = FrameKind::Inlined;
  fill_names(frame, resolved);
  frame.symbol = profile_.strings.intern(recording_.strings()[name]);
  frame.name = frame.symbol;
  frame.address = resolved.symbol.found() ? resolved.symbol.start : resolved.dso_address;
  profile_.frames.push_back(frame);
  return it->second;
}

/// The frame of a function's line. Its names are the function's.
FrameId FrameTable::with_line(FrameId function, const ResolvedAddress& resolved,
                              const SourceCall* call) {
  const StringId line = profile_.strings.intern(line_text(resolved, call));
  const auto [it, added] = line_frames_.try_emplace(
      {function, line}, FrameId{static_cast<uint32_t>(profile_.frames.size())});
  if (!added) return it->second;
  Frame frame = profile_.frame(function);
  frame.line = line;
  frame.function = function;
  profile_.frames.push_back(frame);
  misses_.resize(profile_.frames.size(), MissReason::None);
  misses_.back() = miss_of(function);
  return it->second;
}

/// perf's text: "file.c:12" without the folders, or with them; without a line the symbol and a
/// decimal offset, or the file and the address in it.
std::string FrameTable::line_text(const ResolvedAddress& resolved, const SourceCall* call) const {
  const StringTable& names = recording_.strings();
  if (!resolved.mapping) return std::string(kNoLine);
  if (call && call->file.valid()) {
    const std::string_view path = names[call->file];
    return fmt::format("{}:{}", full_paths_ ? path : path.substr(path.rfind('/') + 1), call->line);
  }
  const Symbol& symbol = resolved.symbol;
  if (symbol.found()) {
    return fmt::format("{}+{}", names[symbol.name], resolved.dso_address - symbol.start);
  }
  const Dso& dso = recording_.dsos()[resolved.mapping->dso];
  return fmt::format("{}[{:x}]", dso.short_name, resolved.dso_address);
}

void FrameTable::fill_names(Frame& frame, const ResolvedAddress& resolved) {
  StringTable& strings = profile_.strings;
  const StringTable& names = recording_.strings();
  if (resolved.mapping) {
    const Dso& dso = recording_.dsos()[resolved.mapping->dso];
    frame.dso = strings.intern(dso.name);
    frame.dso_short = strings.intern(dso.short_name);
    frame.dso_size = raw(resolved.mapping->end) - raw(resolved.mapping->start);
  }
  if (resolved.symbol.found()) {
    frame.symbol = strings.intern(names[resolved.symbol.name]);
    frame.name = frame.symbol;
    frame.symbol_size = resolved.symbol.end - resolved.symbol.start;
  } else {
    frame.name =
        strings.intern(resolved.mapping ? bracketed(strings[frame.dso_short]) : "[unknown]");
  }
}

}  // namespace prof
