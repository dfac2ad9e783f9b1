#include "unwind/table_unwinder.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "unwind/registers_aarch64.h"
#include "unwind/registers_x86_64.h"
#include "unwind/unwind_module.h"

// The step of bpf/unwind_rule.h, over a sample's registers and stack copy.
namespace {

struct SampleMemory {
  uint64_t begin;
  uint64_t readable;  // how many bytes from `begin` on a u64 may start in
  const std::byte* bytes;
  const prof::UserState* user;

  bool read(uint64_t addr, __u64* out) const {
    const uint64_t offset = addr - begin;  // huge if below
    if (offset >= readable) return false;
    std::memcpy(out, bytes + offset, sizeof *out);
    return true;
  }
  bool register_value(uint32_t number, __u64* out) const {
    if (number >= user->registers.size() || !(user->valid >> number & 1)) return false;
    *out = user->registers[number];
    return true;
  }
};

}  // namespace

#define UNWIND_MEMORY const SampleMemory&
#define UNWIND_READ(memory, addr, out) (!(memory).read(addr, out))
#define UNWIND_REGISTER(memory, number, out) (!(memory).register_value(number, out))
#include "bpf/unwind_step.h"

namespace prof {

namespace {

/// How far above a frame the copy is fetched: each frame's place depends on the one below, so that
/// the processor cannot look ahead by itself, and the copies of a recording are rarely in its
/// cache.
constexpr uint64_t kFetchAhead = 1024;
constexpr uint64_t kCacheLine = 64;

constexpr uint64_t kVersionMask = (uint64_t{1} << 44) - 1;

UnwindStop stop_of(int outcome) {
  switch (outcome) {
    case UNWIND_END_OF_STACK:
      return UnwindStop::EndOfStack;
    case UNWIND_NO_INFO:
      return UnwindStop::NoUnwindInfo;
    case UNWIND_UNREADABLE:
      return UnwindStop::StackTruncated;
    case UNWIND_NO_PROGRESS:
      return UnwindStop::NoProgress;
    default:
      return UnwindStop::UnsupportedRule;
  }
}

struct Numbers {
  uint32_t pc, sp, fp;
};
constexpr Numbers kNumbers[] = {{kX86Rip, kX86Rsp, kX86Rbp}, {kArmPc, kArmSp, kArmX29}};

/// The leaf's state; false if the sample has no pc and sp.
bool leaf_of(const UserState& user, unwind_arch arch, unwind_state& state) {
  const Numbers& numbers = kNumbers[arch];
  const uint64_t needed = uint64_t{1} << numbers.pc | uint64_t{1} << numbers.sp;
  if ((user.valid & needed) != needed) return false;
  state = {};
  state.pc = user.registers[numbers.pc];
  state.sp = user.registers[numbers.sp];
  state.fp = user.registers[numbers.fp];
  state.fp_lost = !(user.valid >> numbers.fp & 1);
  if (arch == UNWIND_AARCH64) state.lr = user.registers[kArmX30];
  state.live = 1;
  return true;
}

/// Fetches what lies above `sp`, beyond the `fetched` bytes that were before; returns how many are
/// now.
uint64_t fetch_ahead(const SampleMemory& memory, uint64_t sp, uint64_t fetched) {
  const uint64_t to = std::min(sp - memory.begin + kFetchAhead, memory.readable);
  for (; fetched < to; fetched += kCacheLine) __builtin_prefetch(memory.bytes + fetched);
  return fetched;
}

SampleMemory memory_of(const UserState& user) {
  const size_t size = user.stack.size();
  return {raw(user.stack_begin), size < 8 ? 0 : size - 7, user.stack.data(), &user};
}

}  // namespace

TableUnwinder::TableUnwinder(const RuleDictionary& dictionary, Unwinder* fallback)
    : dictionary_(dictionary), fallback_(fallback), rules_(kRuleCount), ranges_(kRangeCount) {
  for (CachedRule& cached : rules_) cached.version_and_rule = UINT64_MAX;
}

const CodeRange* TableUnwinder::range_of(CodeMap& map, uint64_t version, uint64_t addr) {
  for (const CachedRange& cached : ranges_) {
    if (cached.version == version && addr >= raw(cached.range.begin) &&
        addr < raw(cached.range.end)) {
      return &cached.range;
    }
  }
  const auto found = map.find(VirtAddr{addr});
  if (!found) return nullptr;
  CachedRange& cached = ranges_[next_range_];
  next_range_ = (next_range_ + 1) % kRangeCount;
  cached = {version, *found};
  return &cached.range;
}

uint32_t TableUnwinder::look_up(CodeMap& map, uint64_t version, uint64_t addr, CachedRule& cached) {
  const CodeRange* range = range_of(map, version, addr);
  if (!range) return kNoMapping;
  const uint32_t rule = range->module ? range->module->table().find(ElfAddr{addr - range->bias})
                                      : uint32_t{UNWIND_RULE_FRAME_POINTER};
  cached = {addr, version << UNWIND_RULE_BITS | rule};
  return rule;
}

template <int kArch>
UnwindStop TableUnwinder::walk(CodeMap& map, const UserState& user, size_t max_frames,
                               std::vector<FrameAddress>& out) {
  constexpr auto kMachine = static_cast<unwind_arch>(kArch);
  unwind_state state;
  if (!leaf_of(user, kMachine, state)) return UnwindStop::NoUnwindInfo;
  const SampleMemory memory = memory_of(user);
  const uint64_t version = map.version() & kVersionMask;
  uint64_t fetched = 0;
  for (;;) {
    fetched = fetch_ahead(memory, state.sp, fetched);
    if (out.size() >= max_frames) return UnwindStop::FrameLimit;
    const auto kind = state.live ? AddrKind::InstructionPointer : AddrKind::ReturnAddress;
    const FrameAddress frame{VirtAddr{state.pc}, kind};
    out.push_back(frame);
    stack_pointers_.push_back(state.sp);
    const uint32_t id = rule_of(map, version, raw(frame.lookup()));
    if (id == kNoMapping) return UnwindStop::NoMapping;
    const unwind_rule& rule = dictionary_[id];
    // A handler returns to the first byte of the code that leaves it: nothing was called there.
    if (rule.cfa_kind == UNWIND_CFA_SIGNAL) out.back().kind = AddrKind::InstructionPointer;
    if (const int outcome = unwind_step(memory, kMachine, &state, &rule)) return stop_of(outcome);
    if (state.pc == 0) return UnwindStop::EndOfStack;
  }
}

UnwindStop TableUnwinder::unwind(CodeMap& map, const UserState& user, size_t max_frames,
                                 std::vector<FrameAddress>& out) {
  out.clear();
  stack_pointers_.clear();
  UnwindStop stop = UnwindStop::UnsupportedMachine;
  if (user.machine == EM_X86_64) stop = walk<UNWIND_X86_64>(map, user, max_frames, out);
  if (user.machine == EM_AARCH64) stop = walk<UNWIND_AARCH64>(map, user, max_frames, out);
  if (stop != UnwindStop::UnsupportedRule || !fallback_) return stop;
  ++fallbacks_;
  const UnwindStop other = fallback_->unwind(map, user, max_frames, other_);
  if (other_.size() <= out.size()) return stop;
  out.swap(other_);
  stack_pointers_.clear();
  return other;
}

}  // namespace prof
