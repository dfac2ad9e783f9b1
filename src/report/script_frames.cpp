#include "report/script_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace prof {

namespace {

constexpr size_t kChunkSize = size_t{1} << 20;
// What the texts and the table may take before all is forgotten and starts anew: recordings of very
// many short processes have the same code at the same addresses in each of them.
constexpr size_t kMostText = size_t{64} << 20;
constexpr size_t kMostSlots = size_t{1} << 21;
constexpr size_t kFirstSlots = size_t{1} << 12;

}  // namespace

std::string_view dso_name_of(const Recording& recording, const ResolvedAddress& resolved) {
  if (!resolved.mapping) return kUnknownName;
  const Dso& dso = recording.dsos()[resolved.mapping->dso];
  return dso.kind == DsoKind::KernelModule ? dso.short_name : dso.name;
}

void ScriptFrames::forget() {
  slots_.assign(kFirstSlots, {});
  texts_.clear();
  waiting_.clear();
  chunks_.clear();
  chunk_left_ = 0;
  stored_ = 0;
}

bool ScriptFrames::full() const {
  return stored_ > kMostText || slots_.size() > kMostSlots;
}

uint32_t ScriptFrames::add(uint32_t key, const ThreadState& state, uint64_t time, CpuMode mode,
                           FrameAddress address) {
  waiting_.push_back({recording_.resolve(state, time, mode, address), mode, raw(address.addr)});
  if (wants_calls() && mode == CpuMode::User) inlines_.add(waiting_.back().resolved);
  const auto used = static_cast<uint32_t>(texts_.size() + waiting_.size());
  insert({raw(address.addr), key, used});
  if (used * size_t{2} > slots_.size()) {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != 0) insert(slot);
    }
  }
  return used - 1;
}

void ScriptFrames::finish() {
  for (const Waiting& waiting : waiting_) {
    format(waiting.resolved, waiting.mode, waiting.address);
    texts_.push_back(store(line_));
  }
  waiting_.clear();
}

void ScriptFrames::insert(const Slot& entry) {
  size_t slot = slot_of(entry.key, entry.address);
  while (slots_[slot].number != 0) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = entry;
}

std::string_view ScriptFrames::store(std::string_view text) {
  const size_t size = text.size();
  if (chunk_left_ < size) {
    chunk_left_ = std::max(kChunkSize, size);
    stored_ += chunk_left_;
    chunks_.push_back(std::make_unique<char[]>(chunk_left_));
    chunk_at_ = chunks_.back().get();
  }
  char* at = chunk_at_;
  std::copy(text.begin(), text.end(), at);
  chunk_at_ += size;
  chunk_left_ -= size;
  return {at, size};
}

/// perf 6.1's text: in a call chain an address of user space counts from the start of its file, so
/// that it can be looked up there; the kernel's, and that of a sample without a chain, is as it was
/// found. The offset is that of the address as found, although the name is that of the call.
void ScriptFrames::format(const ResolvedAddress& resolved, CpuMode mode, uint64_t address) {
  line_.clear();
  append_inlined(resolved, mode, address);
  append_address(resolved, mode, address);
  const Symbol& symbol = resolved.symbol;
  if (style_.fields & kFieldSym) {
    line_ += ' ';
    line_ += symbol.found() ? recording_.strings()[symbol.name] : kUnknownName;
    if (symbol.found()) append_offset(resolved);
  }
  if (style_.fields & kFieldDso) {
    line_ += " (";
    line_ += dso_name_of(recording_, resolved);
    line_ += ')';
  }
  // Where inlined calls have no lines of their own, the line is the innermost's, as the address.
  if (const auto calls = inlines_.calls(resolved); !calls.empty()) {
    append_line(shows_inlined() ? calls.back() : calls.front());
  }
  if (style_.in_chain) line_ += '\n';
}

/// Each call that is inlined there, innermost first, on a line of its own: as perf has it, at the
/// address and the offset of the function that they are inlined into.
void ScriptFrames::append_inlined(const ResolvedAddress& resolved, CpuMode mode, uint64_t address) {
  if (!shows_inlined()) return;
  for (const SourceCall& call : inlines_.calls(resolved)) {
    if (!call.inlined || !call.name.valid()) continue;
    append_address(resolved, mode, address);
    line_ += ' ';
    line_ += recording_.strings()[call.name];
    if (resolved.symbol.found()) append_offset(resolved);
    line_ += kInlinedMark;
    append_line(call);
    line_ += '\n';
  }
}

void ScriptFrames::append_address(const ResolvedAddress& resolved, CpuMode mode, uint64_t address) {
  if (!(style_.fields & kFieldIp)) return;
  if (style_.in_chain) line_ += '\t';
  const bool in_file = style_.in_chain && !style_.absolute_address && mode == CpuMode::User &&
                       resolved.mapping != nullptr;
  fmt::format_to(std::back_inserter(line_), "{:16x}", in_file ? resolved.dso_address : address);
}

void ScriptFrames::append_offset(const ResolvedAddress& resolved) {
  if (!(style_.fields & kFieldSymoff)) return;
  fmt::format_to(std::back_inserter(line_), "+0x{:x}",
                 resolved.dso_address - resolved.symbol.start);
}

/// "file.c:12" below the frame, as perf: without the folders.
void ScriptFrames::append_line(const SourceCall& call) {
  if (!(style_.fields & kFieldSrcline) || !call.file.valid() || call.line == 0) return;
  const std::string_view path = recording_.strings()[call.file];
  fmt::format_to(std::back_inserter(line_), "\n  {}:{}", path.substr(path.rfind('/') + 1),
                 call.line);
}

}  // namespace prof
