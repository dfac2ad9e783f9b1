#include "report/script_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace prof {

namespace {

constexpr size_t kChunkSize = size_t{1} << 20;
// What the texts and the table may take before all is forgotten and starts anew: recordings of very
// many short processes have the same code at the same addresses in each of them.
constexpr size_t kMostText = size_t{64} << 20;
constexpr size_t kMostSlots = size_t{1} << 21;
constexpr size_t kFirstSlots = size_t{1} << 12;

constexpr std::string_view kUnknown = "[unknown]";

/// perf's "name" of a DSO: the path of a file, the kernel's word for a module ("[ext4]").
std::string_view dso_name(const Dso& dso) {
  return dso.kind == DsoKind::KernelModule ? dso.short_name : dso.name;
}

}  // namespace

void ScriptFrames::forget() {
  slots_.assign(kFirstSlots, {});
  used_ = 0;
  chunks_.clear();
  chunk_left_ = 0;
  stored_ = 0;
}

std::string_view ScriptFrames::add(uint32_t key, const ThreadState& state, uint64_t time,
                                   CpuMode mode, FrameAddress address) {
  format(recording_.resolve(state, time, mode, address), mode, raw(address.addr));
  if (stored_ > kMostText || slots_.size() > kMostSlots) forget();
  const char* text = store(line_);
  insert({raw(address.addr), key, static_cast<uint32_t>(line_.size()), text});
  if (++used_ * 2 > slots_.size()) {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.text != nullptr) insert(slot);
    }
  }
  return {text, line_.size()};
}

void ScriptFrames::insert(const Slot& entry) {
  size_t slot = slot_of(entry.key, entry.address);
  while (slots_[slot].text != nullptr) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = entry;
}

const char* ScriptFrames::store(std::string_view text) {
  const size_t size = std::max<size_t>(text.size(), 1);  // an empty text has an address, too
  if (chunk_left_ < size) {
    chunk_left_ = std::max(kChunkSize, size);
    stored_ += chunk_left_;
    chunks_.push_back(std::make_unique<char[]>(chunk_left_));
    chunk_at_ = chunks_.back().get();
  }
  char* at = chunk_at_;
  std::memcpy(at, text.data(), text.size());
  chunk_at_ += size;
  chunk_left_ -= size;
  return at;
}

/// perf 6.1's text: in a call chain an address of user space counts from the start of its file, so
/// that it can be looked up there; the kernel's, and that of a sample without a chain, is as it was
/// found. The offset is that of the address as found, although the name is that of the call.
void ScriptFrames::format(const ResolvedAddress& resolved, CpuMode mode, uint64_t address) {
  line_.clear();
  auto out = std::back_inserter(line_);
  const Symbol& symbol = resolved.symbol;
  if (style_.in_chain && (style_.fields & kFieldIp)) line_ += '\t';
  if (style_.fields & kFieldIp) {
    const bool in_file = style_.in_chain && !style_.absolute_address && mode == CpuMode::User &&
                         resolved.mapping != nullptr;
    fmt::format_to(out, "{:16x}", in_file ? resolved.dso_address : address);
  }
  if (style_.fields & kFieldSym) {
    line_ += ' ';
    line_ += symbol.found() ? recording_.strings()[symbol.name] : kUnknown;
    if (symbol.found() && (style_.fields & kFieldSymoff)) {
      fmt::format_to(out, "+0x{:x}", resolved.dso_address - symbol.start);
    }
  }
  if (style_.fields & kFieldDso) {
    line_ += " (";
    line_ += resolved.mapping ? dso_name(recording_.dsos()[resolved.mapping->dso]) : kUnknown;
    line_ += ')';
  }
  if (style_.in_chain) line_ += '\n';
}

}  // namespace prof
