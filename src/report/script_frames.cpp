#include "report/script_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "common/json_text.h"
#include "report/cell_text.h"

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
  stops_.clear();
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
    stop_ = false;
    format(waiting.resolved, waiting.mode, waiting.address);
    texts_.push_back(store(line_));
    if (!style_.stop_at.empty()) stops_.push_back(stop_);
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
  if (style_.form != ScriptForm::Text) {
    format_parts(resolved, mode, address);
    return;
  }
  append_inlined(resolved, mode, address);
  if (stop_) return;
  append_address(resolved, mode, address);
  const Symbol& symbol = resolved.symbol;
  stop_ = symbol.found() && is_stop(recording_.strings()[symbol.name]);
  if (style_.fields & kFieldSym) {
    line_ += ' ';
    line_ += symbol.found() ? recording_.strings()[symbol.name] : kUnknownName;
    if (symbol.found()) append_offset(resolved);
  }
  if (style_.fields & kFieldDso) {
    line_ += " (";
    line_ += dso_name_of(recording_, resolved);
    if ((style_.fields & kFieldDsoff) && resolved.mapping) {
      fmt::format_to(std::back_inserter(line_), "+0x{:x}", resolved.dso_address);
    }
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
    stop_ = is_stop(recording_.strings()[call.name]);
    if (stop_) return;
  }
}

bool ScriptFrames::is_stop(std::string_view function) const {
  return std::ranges::find(style_.stop_at, function) != style_.stop_at.end();
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

/// "file.c:12" below the frame, as perf: without the folders; and what stands there, "|12  x = 1;".
void ScriptFrames::append_line(const SourceCall& call) {
  if (!call.file.valid() || call.line == 0) return;
  const std::string_view path = recording_.strings()[call.file];
  if (style_.fields & kFieldSrcline) {
    fmt::format_to(std::back_inserter(line_), "\n  {}:{}", path.substr(path.rfind('/') + 1),
                   call.line);
  }
  if (!(style_.fields & kFieldSrccode)) return;
  const std::string code = sources_.line(path, call.line);
  if (!code.empty()) {
    fmt::format_to(std::back_inserter(line_), "\n|{:<7} {}", call.line, code);
  }
}

/// A call of an inlined function if `call` is one, or else the function itself, of which `call`
/// says the line.
ScriptFrames::Parts ScriptFrames::parts_of(const ResolvedAddress& resolved, CpuMode mode,
                                           uint64_t address, const SourceCall* call) {
  Parts parts;
  parts.address = address;
  parts.mode = mode;
  parts.inlined = call && call->inlined;
  if (parts.inlined) {
    parts.symbol = recording_.strings()[call->name];
  } else if (resolved.symbol.found()) {
    parts.symbol = recording_.strings()[resolved.symbol.name];
    parts.symbol_offset = resolved.dso_address - resolved.symbol.start;
  } else if (resolved.symbol.name.valid()) {
    parts.symbol = recording_.strings()[resolved.symbol.name];  // "[truncated stack]"
  }
  if (resolved.mapping) {
    parts.dso = dso_name_of(recording_, resolved);
    if (mode == CpuMode::User) parts.dso_offset = resolved.dso_address;
  }
  if (call && call->file.valid() && call->line != 0) {
    const std::string_view path = recording_.strings()[call->file];
    parts.line = fmt::format("{}:{}", path, call->line);
    if (style_.fields & kFieldSrccode) parts.code = sources_.line(path, call->line);
  }
  return parts;
}

void ScriptFrames::format_parts(const ResolvedAddress& resolved, CpuMode mode, uint64_t address) {
  std::vector<Parts> all;
  const auto calls = inlines_.calls(resolved);
  if (shows_inlined()) {
    for (const SourceCall& call : calls) {
      if (call.inlined && call.name.valid()) {
        all.push_back(parts_of(resolved, mode, address, &call));
      }
    }
  }
  const SourceCall* line = calls.empty()     ? nullptr
                           : shows_inlined() ? &calls.back()
                                             : &calls.front();
  all.push_back(parts_of(resolved, mode, address, nullptr));
  if (line) {
    Parts with_line = parts_of(resolved, mode, address, line);
    all.back().line = std::move(with_line.line);
    all.back().code = std::move(with_line.code);
  }
  const auto last =
      std::ranges::find_if(all, [this](const Parts& parts) { return is_stop(parts.symbol); });
  stop_ = last != all.end();
  if (stop_) all.erase(last + 1, all.end());
  if (style_.form == ScriptForm::Json) {
    for (const Parts& parts : all) append_object(parts);
    line_.pop_back();  // the comma after the last
  } else if (!style_.in_chain) {
    append_cells(all.back());
  } else {
    for (size_t i = all.size(); i-- > 0;) {  // root first, as folded stacks
      std::string name(all[i].symbol.empty() ? kUnknownName : all[i].symbol);
      std::ranges::replace(name, ';', ':');
      line_ += name;
      if (i > 0) line_ += ';';
    }
  }
}

void ScriptFrames::append_object(const Parts& parts) {
  const auto at = std::back_inserter(line_);
  const auto has = [this](ScriptFieldSet field) { return (style_.fields & field) != 0; };
  line_ += '{';
  if (has(kFieldIp)) fmt::format_to(at, "\"ip\":\"0x{:x}\",", parts.address);
  if (has(kFieldSym)) {
    line_ += "\"sym\":";
    if (parts.symbol.empty()) {
      line_ += "null";
    } else {
      append_json_string(line_, parts.symbol);
    }
    line_ += ',';
    if (parts.inlined) line_ += "\"inlined\":true,";
  }
  if (has(kFieldSymoff) && parts.symbol_offset) {
    fmt::format_to(at, "\"symoff\":{},", *parts.symbol_offset);
  }
  if (has(kFieldDso)) {
    line_ += "\"dso\":";
    if (parts.dso.empty()) {
      line_ += "null";
    } else {
      append_json_string(line_, parts.dso);
    }
    line_ += ',';
    // Where the code is in its file goes with the file: what a later look-up needs.
    if (parts.dso_offset) fmt::format_to(at, "\"dsoff\":\"0x{:x}\",", *parts.dso_offset);
  }
  if (has(kFieldSrcline) && !parts.line.empty()) {
    line_ += "\"srcline\":";
    append_json_string(line_, parts.line);
    line_ += ',';
  }
  if (has(kFieldSrccode) && !parts.code.empty()) {
    line_ += "\"srccode\":";
    append_json_string(line_, parts.code);
    line_ += ',';
  }
  if (line_.back() == ',') line_.pop_back();
  line_ += "},";
}

/// A cell for each column of the style, with the separator before each.
void ScriptFrames::append_cells(const Parts& parts) {
  const auto at = std::back_inserter(line_);
  for (const ScriptField column : kFrameColumns) {
    if (!(style_.fields & column)) continue;
    line_ += style_.separator;
    if (column == kFieldIp) {
      fmt::format_to(at, "0x{:x}", parts.address);
    } else if (column == kFieldSym) {
      append_cell(line_, parts.symbol.empty() ? kUnknownName : parts.symbol, style_.separator);
    } else if (column == kFieldDso) {
      append_cell(line_, parts.dso.empty() ? kUnknownName : parts.dso, style_.separator);
    } else if (column == kFieldSymoff && parts.symbol_offset) {
      fmt::format_to(at, "0x{:x}", *parts.symbol_offset);
    } else if (column == kFieldDsoff && parts.dso_offset) {
      fmt::format_to(at, "0x{:x}", *parts.dso_offset);
    } else if (column == kFieldSrcline) {
      append_cell(line_, parts.line, style_.separator);
    } else if (column == kFieldSrccode) {
      append_cell(line_, parts.code, style_.separator);
    }
  }
}

}  // namespace prof
