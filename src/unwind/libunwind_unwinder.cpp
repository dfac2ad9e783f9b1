#include "unwind/libunwind_unwinder.h"

#ifndef PROF_HAVE_LIBUNWIND

namespace prof {

std::unique_ptr<Unwinder> make_libunwind_unwinder(LibunwindCache) {
  return nullptr;
}

}  // namespace prof

#else

#include <elf.h>
#include <libunwind-x86_64.h>

#include <algorithm>
#include <cstring>

#include "unwind/unwind_module.h"

// In the library's interface for remote unwinders, but in none of its headers.
extern "C" int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip,
                                                  unw_dyn_info_t* info, unw_proc_info_t* found,
                                                  int need_unwind_info, void* context);

namespace prof {

namespace {

/// libunwind searches FDEs in a table like .eh_frame_hdr's: words of an offset of the function and
/// one of its FDE. It is asked for at this address, where user space has nothing, and made of the
/// module's FDEs word by word; so static programs, which have no .eh_frame_hdr, have one, too.
constexpr uint64_t kTableAddress = 0xffff'8000'0000'0000;

/// A loaded file whose CFI libunwind has been shown; it reads there again whenever a rule that it
/// keeps has an expression.
struct Loaded {
  const UnwindModule* module;
  uint64_t bias;
  uint64_t begin, end;
};

/// What libunwind's callbacks get: the sample and what was learnt while it was walked.
struct Walk {
  CodeMap* map = nullptr;
  const UserState* user = nullptr;
  std::vector<Loaded>* loaded = nullptr;
  std::optional<CodeRange> range;     // the one used last
  const CfiSection* table = nullptr;  // whose FDEs are at kTableAddress
  bool stack_unreadable = false;

  const CodeRange* find(uint64_t addr) {
    if (!range || addr < raw(range->begin) || addr >= raw(range->end)) {
      range = map->find(VirtAddr{addr});
    }
    return range ? &*range : nullptr;
  }
};

uint64_t table_word(const CfiSection& section, uint64_t index) {
  if (index >= section.fdes().size()) return 0;
  const Fde& fde = section.fdes()[index];
  const auto function = static_cast<uint32_t>(fde.begin - section.addr());
  return uint64_t{static_cast<uint32_t>(fde.offset)} << 32 | function;
}

/// Eight bytes of a file around a segment's ends, where missing ones are zeros.
bool read_file_word(const ElfFile& file, uint64_t addr, uint64_t& out) {
  std::array<std::byte, 8> word{};
  auto bytes = file.loaded_bytes(ElfAddr{addr});
  if (bytes.size() >= word.size()) {
    std::memcpy(&out, bytes.data(), sizeof out);
    return true;
  }
  bool any = false;
  for (size_t i = 0; i < word.size(); ++i) {
    bytes = file.loaded_bytes(ElfAddr{addr + i});
    if (bytes.empty()) continue;
    word[i] = bytes.front();
    any = true;
  }
  std::memcpy(&out, word.data(), sizeof out);
  return any;
}

void remember(std::vector<Loaded>& loaded, const CodeRange& range) {
  for (const Loaded& known : loaded) {
    if (known.module == range.module && known.bias == range.bias) return;
  }
  Loaded added{range.module, range.bias, UINT64_MAX, 0};
  for (const ElfSegment& segment : range.module->file().segments()) {
    if (segment.type != PT_LOAD) continue;
    added.begin = std::min(added.begin, segment.vaddr + range.bias);
    added.end = std::max(added.end, segment.vaddr + segment.filesz + range.bias);
  }
  loaded.push_back(added);
}

bool read_loaded_word(const Walk& walk, uint64_t addr, uint64_t& out) {
  for (const Loaded& known : *walk.loaded) {
    if (addr + sizeof out > known.begin && addr < known.end &&
        read_file_word(known.module->file(), addr - known.bias, out)) {
      return true;
    }
  }
  return false;
}

int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* found,
                   int need_unwind_info, void* context) {
  Walk& walk = *static_cast<Walk*>(context);
  const CodeRange* range = walk.find(ip);
  if (!range || !range->module) return -UNW_ENOINFO;
  const CfiSection* section = range->module->eh_frame();
  if (!section || section->fdes().empty()) return -UNW_ENOINFO;
  walk.table = section;
  remember(*walk.loaded, *range);
  unw_dyn_info_t info{};
  info.format = UNW_INFO_FORMAT_REMOTE_TABLE;
  info.start_ip = section->fdes().front().begin + range->bias;
  info.end_ip = section->fdes().back().end + range->bias;
  info.u.rti.segbase = section->addr() + range->bias;
  info.u.rti.table_data = kTableAddress;
  info.u.rti.table_len = section->fdes().size();
  return _Ux86_64_dwarf_search_unwind_table(space, ip, &info, found, need_unwind_info, context);
}

void put_unwind_info(unw_addr_space_t, unw_proc_info_t*, void*) {}

int get_dyn_info_list_addr(unw_addr_space_t, unw_word_t*, void*) {
  return -UNW_ENOINFO;
}

int access_mem(unw_addr_space_t, unw_word_t addr, unw_word_t* value, int write, void* context) {
  Walk& walk = *static_cast<Walk*>(context);
  if (write) return -UNW_EINVAL;
  const UserState& user = *walk.user;
  const uint64_t offset = addr - raw(user.stack_begin);
  if (offset < user.stack.size() && user.stack.size() - offset >= sizeof *value) {
    std::memcpy(value, user.stack.data() + offset, sizeof *value);
    return 0;
  }
  if (addr >= kTableAddress) {
    if (!walk.table) return -UNW_EINVAL;
    *value = table_word(*walk.table, (addr - kTableAddress) / sizeof *value);
    return 0;
  }
  // .eh_frame is in another mapping than the code, which the map need not know of.
  if (read_loaded_word(walk, addr, *value)) return 0;
  const CodeRange* range = walk.find(addr);
  if (range && range->module && read_file_word(range->module->file(), addr - range->bias, *value)) {
    return 0;
  }
  walk.stack_unreadable = true;
  return -UNW_EINVAL;
}

int access_reg(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write, void* context) {
  const UserState& user = *static_cast<Walk*>(context)->user;
  const auto index = static_cast<uint32_t>(number);
  if (write || number < 0 || index >= user.registers.size() || !(user.valid >> index & 1)) {
    return -UNW_EBADREG;
  }
  *value = user.registers[index];
  return 0;
}

int access_fpreg(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
  return -UNW_EINVAL;
}
int resume(unw_addr_space_t, unw_cursor_t*, void*) {
  return -UNW_EINVAL;
}
int get_proc_name(unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*, void*) {
  return -UNW_EINVAL;
}

unw_accessors_t kAccessors = {find_proc_info, put_unwind_info, get_dyn_info_list_addr,
                              access_mem,     access_reg,      access_fpreg,
                              resume,         get_proc_name};

class LibunwindUnwinder final : public Unwinder {
 public:
  LibunwindUnwinder(unw_addr_space_t space, LibunwindCache cache) : space_(space) {
    unw_set_caching_policy(space_, cache == LibunwindCache::On ? UNW_CACHE_GLOBAL : UNW_CACHE_NONE);
  }
  LibunwindUnwinder(const LibunwindUnwinder&) = delete;
  LibunwindUnwinder& operator=(const LibunwindUnwinder&) = delete;
  ~LibunwindUnwinder() override { unw_destroy_addr_space(space_); }

  UnwindStop unwind(CodeMap& map, const UserState& user, size_t max_frames,
                    std::vector<FrameAddress>& out) override;

 private:
  static std::optional<UnwindStop> stop_before_step(Walk& walk, const FrameAddress& frame);

  unw_addr_space_t space_;
  uint64_t version_ = UINT64_MAX;
  std::vector<Loaded> loaded_;  // at this version
};

/// libunwind guesses at frame pointers where it finds nothing. Through code with a file the walk
/// must not be guessed.
std::optional<UnwindStop> LibunwindUnwinder::stop_before_step(Walk& walk,
                                                              const FrameAddress& frame) {
  const CodeRange* range = walk.find(raw(frame.lookup()));
  if (!range) return UnwindStop::NoMapping;
  if (!range->module) return std::nullopt;
  const ElfAddr addr{raw(frame.lookup()) - range->bias};
  if (range->module->table().find(addr) == UNWIND_RULE_NONE) return UnwindStop::NoUnwindInfo;
  return std::nullopt;
}

UnwindStop LibunwindUnwinder::unwind(CodeMap& map, const UserState& user, size_t max_frames,
                                     std::vector<FrameAddress>& out) {
  out.clear();
  if (user.machine != EM_X86_64) return UnwindStop::UnsupportedMachine;
  if (map.version() != version_) {
    unw_flush_cache(space_, 0, 0);
    version_ = map.version();
    loaded_.clear();
  }
  Walk walk;
  walk.map = &map;
  walk.user = &user;
  walk.loaded = &loaded_;
  unw_cursor_t cursor;
  if (unw_init_remote(&cursor, space_, &walk) != 0) return UnwindStop::NoUnwindInfo;
  for (;;) {
    if (out.size() >= max_frames) return UnwindStop::FrameLimit;
    unw_word_t pc = 0;
    if (unw_get_reg(&cursor, UNW_REG_IP, &pc) != 0) return UnwindStop::StackTruncated;
    if (pc == 0 && !out.empty()) return UnwindStop::EndOfStack;
    // Said of the frame that was interrupted. The one before it is the signal's return, to which
    // a handler returns without having been called from there.
    const bool interrupted = unw_is_signal_frame(&cursor) > 0;
    if (interrupted && !out.empty()) out.back().kind = AddrKind::InstructionPointer;
    const bool exact = out.empty() || interrupted;
    out.push_back({VirtAddr{pc}, exact ? AddrKind::InstructionPointer : AddrKind::ReturnAddress});
    if (const auto stop = stop_before_step(walk, out.back())) return *stop;
    walk.stack_unreadable = false;
    const int stepped = unw_step(&cursor);
    if (walk.stack_unreadable) return UnwindStop::StackTruncated;
    if (stepped == 0) return UnwindStop::EndOfStack;
    if (stepped == -UNW_ENOINFO) return UnwindStop::NoUnwindInfo;
    if (stepped == -UNW_EBADFRAME) return UnwindStop::NoProgress;
    if (stepped < 0) return UnwindStop::UnsupportedRule;
  }
}

}  // namespace

std::unique_ptr<Unwinder> make_libunwind_unwinder(LibunwindCache cache) {
  unw_addr_space_t space = unw_create_addr_space(&kAccessors, 0);
  if (!space) return nullptr;
  return std::make_unique<LibunwindUnwinder>(space, cache);
}

}  // namespace prof

#endif
