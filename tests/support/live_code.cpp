#include "support/live_code.h"
#if defined(__x86_64__)  // captures are made of this machine's registers

#include <elf.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "object/proc_maps.h"

namespace prof::test {

// Stacks have redzones that AddressSanitizer does not want read.
[[gnu::no_sanitize("address")]] void copy_memory(uintptr_t begin, std::span<std::byte> out) {
  const auto* from = reinterpret_cast<const volatile std::byte*>(begin);
  std::byte* to = out.data();
  for (size_t i = 0, size = out.size(); i < size; ++i) to[i] = from[i];
}

namespace {

std::vector<std::byte> copied(uintptr_t begin, uintptr_t end) {
  std::vector<std::byte> bytes(end - begin);
  copy_memory(begin, bytes);
  return bytes;
}

/// The address in the file's terms of an executable mapping of the file from `offset` on: a
/// segment's begin rounded down to a page, where the file may still hold another segment.
uint64_t addr_of_mapping(const ElfFile& file, uint64_t offset) {
  for (const ElfSegment& segment : file.segments()) {
    if (segment.type != PT_LOAD || !(segment.flags & PF_X)) continue;
    if (offset >= segment.offset / 4096 * 4096 && offset < segment.offset + segment.filesz) {
      return segment.vaddr + offset - segment.offset;
    }
  }
  return 0;
}

}  // namespace

LiveCode::LiveCode() {
  static uint64_t versions = 0;
  version_ = ++versions;
  std::ifstream maps("/proc/self/maps");
  const std::string text{std::istreambuf_iterator<char>(maps), {}};
  for_each_proc_map(text, [&](const ProcMapsEntry& entry) {
    if (entry.executable) add(entry.start, entry.end, entry.offset, std::string(entry.name));
  });
}

void LiveCode::add(uint64_t begin, uint64_t end, uint64_t offset, const std::string& path) {
  Mapped mapped{{VirtAddr{begin}, VirtAddr{end}, 0, nullptr}, path};
  if (path == "[vdso]") {
    auto made = UnwindModule::from_image(copied(begin, end), path, rules_);
    if (made) modules_.push_back(std::move(*made));
    mapped.range.bias = begin;
    if (made) mapped.range.module = modules_.back().get();
  } else if (path.starts_with('/')) {
    auto made = UnwindModule::open(path, rules_);
    if (!made) return;
    mapped.range.bias = begin - addr_of_mapping((*made)->file(), offset);
    modules_.push_back(std::move(*made));
    mapped.range.module = modules_.back().get();
  } else if (!path.empty()) {
    return;  // [vsyscall]
  }
  mapped_.push_back(mapped);
}

std::optional<CodeRange> LiveCode::find(VirtAddr addr) {
  auto after = std::ranges::upper_bound(mapped_, addr, {},
                                        [](const Mapped& mapped) { return mapped.range.begin; });
  if (after == mapped_.begin() || addr >= std::prev(after)->range.end) return std::nullopt;
  return std::prev(after)->range;
}

UserState Captured::state(size_t cut_to) const {
  UserState state = state_;
  state.stack = std::span(stack_).first(std::min(cut_to, stack_.size()));
  return state;
}

uintptr_t stack_top() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* begin = nullptr;
  size_t size = 0;
  pthread_attr_getstack(&attributes, &begin, &size);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<uintptr_t>(begin) + size;
}

// Out of line and without a sanitizer's redzones: it is the leaf of the chains.
[[gnu::noinline]] Captured capture(uintptr_t top) {
  UserState state;
  state.machine = EM_X86_64;
  uint64_t kept[8];  // rbx rbp rsp r12 r13 r14 r15 rip
  asm volatile(
      "movq %%rbx, 0(%0)\n movq %%rbp, 8(%0)\n movq %%rsp, 16(%0)\n movq %%r12, 24(%0)\n"
      "movq %%r13, 32(%0)\n movq %%r14, 40(%0)\n movq %%r15, 48(%0)\n"
      "leaq 0(%%rip), %%rax\n movq %%rax, 56(%0)\n"
      :
      : "r"(kept)
      : "rax", "memory");
  constexpr uint32_t kNumbers[8] = {3, 6, 7, 12, 13, 14, 15, 16};
  for (size_t i = 0; i < 8; ++i) {
    state.registers[kNumbers[i]] = kept[i];
    state.valid |= uint64_t{1} << kNumbers[i];
  }
  state.stack_begin = VirtAddr{kept[2]};
  return {state, copied(kept[2], top)};
}

UserState registers_of(const void* ucontext) {
  const auto& registers = static_cast<const ucontext_t*>(ucontext)->uc_mcontext.gregs;
  constexpr int kOrder[17] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                              REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                              REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  UserState state;
  state.machine = EM_X86_64;
  for (size_t i = 0; i < 17; ++i) state.registers[i] = static_cast<uint64_t>(registers[kOrder[i]]);
  state.valid = (uint64_t{1} << 17) - 1;
  state.stack_begin = VirtAddr{state.registers[7]};
  return state;
}

}  // namespace prof::test

#endif
