// The walker over stacks made by hand: rules, guesses and the reasons to stop.
#include <elf.h>
#include <linux/perf_event.h>

#include <catch2/catch.hpp>

#include "support/cfi_builder.h"
#include "support/elf_builder.h"
#include "unwind/table_unwinder.h"
#include "unwind/unwind_module.h"
#include "unwind/user_state.h"

using namespace prof;
using test::BuilderCie;
using test::CfiBuilder;

namespace {

constexpr uint64_t kText = 0x1000;
constexpr uint64_t kLoaded = 0x555500000000;  // bias
constexpr uint64_t kCode = kLoaded + kText;
constexpr uint64_t kJit = 0x7f0000000000;
constexpr uint64_t kStack = 0x7ffc00000000;

// Functions of 0x100 bytes each, by what their CFI says all over.
enum Function : uint64_t {
  kPlain,        // CFA = rsp + 16
  kSavesFp,      // CFA = rsp + 24, rbp at CFA - 16
  kByFp,         // CFA = rbp + 16, rbp at CFA - 16
  kDeref,        // CFA = *(rbp - 8), rbp at rbp + 0
  kByR10,        // CFA = r10 + 0
  kByRbx,        // CFA = rbx + 16, rbx at CFA - 16
  kSavesRbx,     // CFA = rsp + 24, rbx at CFA - 16
  kLosesFp,      // CFA = rsp + 16, rbp undefined
  kEnd,          // rip undefined
  kUnsupported,  // rsp in r8
  kInRdx,        // CFA = rsp + 8, return address in rdx
  kFunctions,
};

uint64_t in(Function function, uint64_t offset = 0x20) {
  return kCode + function * 0x100 + offset;
}

class TestCode final : public CodeMap {
 public:
  explicit TestCode(uint16_t machine = EM_X86_64) {
    test::ElfBuilder elf;
    elf.machine(machine);
    elf.load(elf.section(
        {".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kText, std::vector<std::byte>(0x1000)}));
    const auto cfi = machine == EM_X86_64 ? x86_cfi() : arm_cfi();
    elf.load(elf.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, 0x8000, cfi}));
    auto made = UnwindModule::from_image(elf.bytes(), "test", rules);
    REQUIRE(made);
    module = std::move(*made);
  }

  std::optional<CodeRange> find(VirtAddr addr) override {
    ++asked;
    if (raw(addr) >= kCode && raw(addr) < kCode + 0x1000) {
      return CodeRange{VirtAddr{kCode}, VirtAddr{kCode + 0x1000}, kLoaded, module.get()};
    }
    if (raw(addr) >= kJit && raw(addr) < kJit + 0x1000) {
      return CodeRange{VirtAddr{kJit}, VirtAddr{kJit + 0x1000}, 0, nullptr};
    }
    return std::nullopt;
  }
  uint64_t version() const override { return current; }

  RuleDictionary rules;
  std::unique_ptr<const UnwindModule> module;
  uint64_t current = 1;
  int asked = 0;

 private:
  static std::vector<std::byte> x86_cfi() {
    CfiBuilder cfi(0x8000);
    cfi.cie();
    const test::Bytes said[kFunctions] = {
        {0x0e, 16},
        {0x0e, 24, 0x86, 2},
        {0x0c, 6, 16, 0x86, 2},
        {0x0f, 3, 0x76, 0x78, 6, 0x10, 6, 2, 0x76, 0},
        {0x0c, 10, 0},
        {0x0c, 3, 16, 0x83, 2},
        {0x0e, 24, 0x83, 2},
        {0x0e, 16, 0x07, 6},
        {0x07, 16},
        {0x09, 7, 8},
        {0x09, 16, 1},
    };
    for (uint64_t i = 0; i < kFunctions; ++i) cfi.fde(kText + i * 0x100, 0x100, said[i]);
    return cfi.bytes();
  }
  // 0: leaf; 1: frame record at sp, sp + 32 above; 2: bottom; 3: signal return
  static std::vector<std::byte> arm_cfi() {
    BuilderCie cie{.return_register = 30, .instructions = {0x0c, 31, 0}};
    CfiBuilder cfi(0x8000);
    cfi.cie(cie);
    cfi.fde(kText, 0x100);
    cfi.fde(kText + 0x100, 0x100, {0x0e, 32, 0x9d, 4, 0x9e, 3});
    cfi.fde(kText + 0x200, 0x100, {0x07, 30});
    cie.augmentation = "zRS";
    cfi.cie(cie).fde(kText + 0x300, 0x100);
    return cfi.bytes();
  }
};

/// A sample whose stack is an array of words from kStack on.
struct Sample {
  explicit Sample(uint64_t pc, std::vector<uint64_t> stack = {}) : words(std::move(stack)) {
    set(16, pc).set(7, kStack);
  }
  Sample& set(uint32_t number, uint64_t value) {
    state.registers[number] = value;
    state.valid |= uint64_t{1} << number;
    return *this;
  }
  UserState get() {
    state.stack_begin = VirtAddr{kStack};
    state.stack = std::as_bytes(std::span(words));
    if (state.machine == 0) state.machine = EM_X86_64;
    return state;
  }
  std::vector<uint64_t> words;
  UserState state;
};

struct Walked {
  UnwindStop stop;
  std::vector<FrameAddress> frames;
  std::vector<uint64_t> addresses() const {
    std::vector<uint64_t> out;
    for (const FrameAddress& frame : frames) out.push_back(raw(frame.addr));
    return out;
  }
};

Walked walk(TestCode& code, Sample& sample, size_t max_frames = 100) {
  TableUnwinder unwinder(code.rules);
  Walked out;
  out.stop = unwinder.unwind(code, sample.get(), max_frames, out.frames);
  return out;
}

using Addresses = std::vector<uint64_t>;

}  // namespace

TEST_CASE("Frames are found by the rules, leaf first, callers as return addresses") {
  TestCode code;
  Sample sample(in(kPlain), {0, in(kSavesFp), 0, 0x1234, in(kEnd)});
  const Walked out = walk(code, sample);
  CHECK(out.stop == UnwindStop::EndOfStack);
  CHECK(out.addresses() == Addresses{in(kPlain), in(kSavesFp), in(kEnd)});
  CHECK(out.frames[0].kind == AddrKind::InstructionPointer);
  CHECK(out.frames[1].kind == AddrKind::ReturnAddress);
}

TEST_CASE("A caller is looked up inside of its call, a leaf where it is") {
  TestCode code;
  // The return address is the first byte of the function after kPlain, whose rule is another.
  Sample sample(in(kPlain), {0, in(kSavesFp, 0), 0, in(kEnd)});
  CHECK(walk(code, sample).addresses() == Addresses{in(kPlain), in(kSavesFp, 0), in(kEnd)});
  Sample leaf(in(kSavesFp, 0), {0, 0x1234, in(kEnd)});
  CHECK(walk(code, leaf).addresses() == Addresses{in(kSavesFp, 0), in(kEnd)});
}

TEST_CASE("rbp is followed through saves, and kept where an epilogue has restored it") {
  TestCode code;
  Sample sample(in(kSavesFp), {0, kStack + 40, in(kByFp), 0, 0, 0, in(kEnd)});
  CHECK(walk(code, sample).addresses() == Addresses{in(kSavesFp), in(kByFp), in(kEnd)});
  // Its slot at CFA - 16 lies below rsp when only the return address is left: rbp is the caller's.
  TestCode same;
  Sample epilogue(in(kByFp), {in(kByFp), 0, 0, in(kEnd)});
  epilogue.set(6, kStack - 8);
  epilogue.words = {in(kEnd)};
  CHECK(walk(same, epilogue).addresses() == Addresses{in(kByFp), in(kEnd)});
}

TEST_CASE("A frame whose CFA is in one of its slots") {
  TestCode code;
  // rbp = kStack + 16: *(rbp - 8) is the CFA, *rbp the caller's rbp.
  Sample sample(in(kDeref), {0, kStack + 48, kStack + 64, 0, 0, in(kByFp), 0, 0, 0, in(kEnd)});
  sample.set(6, kStack + 16);
  CHECK(walk(code, sample).addresses() == Addresses{in(kDeref), in(kByFp), in(kEnd)});
}

TEST_CASE("Other registers are known in the leaf only, rbx by where it was saved") {
  TestCode code;
  Sample leaf(in(kByR10), {0, in(kEnd)});
  leaf.set(10, kStack + 16);
  CHECK(walk(code, leaf).addresses() == Addresses{in(kByR10), in(kEnd)});

  Sample unknown(in(kByR10), {0, in(kEnd)});
  CHECK(walk(code, unknown).stop == UnwindStop::UnsupportedRule);

  Sample caller(in(kPlain), {0, in(kByR10), 0, 0});
  caller.set(10, kStack + 24);
  CHECK(walk(code, caller).stop == UnwindStop::UnsupportedRule);

  Sample rbx(in(kSavesRbx), {0, kStack + 32, in(kByRbx), 0, 0, in(kEnd)});
  rbx.set(3, 1);  // not what it was when kByRbx called
  CHECK(walk(code, rbx).addresses() == Addresses{in(kSavesRbx), in(kByRbx), in(kEnd)});

  Sample kept(in(kPlain), {0, in(kByRbx), 0, in(kEnd)});
  kept.set(3, kStack + 16);
  CHECK(walk(code, kept).addresses() == Addresses{in(kPlain), in(kByRbx), in(kEnd)});

  Sample in_rdx(in(kInRdx), {0});
  in_rdx.set(1, in(kEnd));
  CHECK(walk(code, in_rdx).addresses() == Addresses{in(kInRdx), in(kEnd)});
}

TEST_CASE("A walk says why it stopped") {
  TestCode code;
  const auto stop = [&](Sample sample) { return walk(code, sample).stop; };
  CHECK(stop(Sample(in(kPlain), {0, in(kEnd)})) == UnwindStop::EndOfStack);
  CHECK(stop(Sample(in(kPlain), {0, 0})) == UnwindStop::EndOfStack);
  CHECK(stop(Sample(in(kPlain), {0, 0x1234})) == UnwindStop::NoMapping);
  CHECK(stop(Sample(kCode + 0xf00)) == UnwindStop::NoUnwindInfo);
  CHECK(stop(Sample(in(kUnsupported))) == UnwindStop::UnsupportedRule);
  CHECK(stop(Sample(in(kPlain), {0})) == UnwindStop::StackTruncated);
  CHECK(stop(Sample(in(kPlain))) == UnwindStop::StackTruncated);
  CHECK(stop(Sample(in(kByFp)).set(6, kStack - 64)) == UnwindStop::NoProgress);
  CHECK(stop(Sample(in(kByFp)).set(6, kStack + 0x100000)) == UnwindStop::StackTruncated);
  CHECK(stop(Sample(in(kByFp))) == UnwindStop::UnsupportedRule);  // rbp is not among the registers
  CHECK(stop(Sample(in(kLosesFp), {0, in(kByFp), 0, 0})) == UnwindStop::UnsupportedRule);
  Sample limited(in(kPlain), {0, in(kPlain), 0, in(kPlain)});
  CHECK(walk(code, limited, 2).stop == UnwindStop::FrameLimit);
  CHECK(walk(code, limited, 0).stop == UnwindStop::FrameLimit);
}

TEST_CASE("Code without a file is taken to have frame pointers, and never guessed far") {
  TestCode code;
  Sample sample(kJit, {0, kStack + 32, kJit + 0x10, 0, 0, in(kEnd)});
  sample.set(6, kStack + 8);
  const Walked out = walk(code, sample);
  CHECK(out.stop == UnwindStop::EndOfStack);
  CHECK(out.addresses() == Addresses{kJit, kJit + 0x10, in(kEnd)});

  Sample below(kJit);
  below.set(6, kStack - 8);
  CHECK(walk(code, below).stop == UnwindStop::NoUnwindInfo);
  Sample zero(kJit);
  zero.set(6, 0);
  CHECK(walk(code, zero).stop == UnwindStop::NoUnwindInfo);
  Sample bottom(kJit, {0, kJit + 0x10});
  bottom.set(6, kStack);
  CHECK(walk(code, bottom).stop == UnwindStop::EndOfStack);
}

TEST_CASE("Answers of a code map are kept by its version") {
  TestCode code;
  TableUnwinder unwinder(code.rules);
  std::vector<FrameAddress> out;
  Sample sample(in(kPlain), {0, in(kEnd)});
  unwinder.unwind(code, sample.get(), 10, out);
  const int asked = code.asked;
  CHECK(asked == 1);
  unwinder.unwind(code, sample.get(), 10, out);
  CHECK(code.asked == asked);
  code.current = 2;
  unwinder.unwind(code, sample.get(), 10, out);
  CHECK(code.asked == asked + 1);
}

namespace {

class OneMore final : public Unwinder {
 public:
  UnwindStop unwind(CodeMap&, const UserState&, size_t, std::vector<FrameAddress>& out) override {
    out.assign(count, FrameAddress{VirtAddr{7}});
    return UnwindStop::EndOfStack;
  }
  size_t count = 2;
};

}  // namespace

TEST_CASE("Another unwinder is asked about unsupported rules, and only trusted for more frames") {
  TestCode code;
  OneMore other;
  TableUnwinder unwinder(code.rules, &other);
  std::vector<FrameAddress> out;
  Sample sample(in(kUnsupported), {0});
  CHECK(unwinder.unwind(code, sample.get(), 10, out) == UnwindStop::EndOfStack);
  CHECK(out.size() == 2);
  other.count = 1;
  CHECK(unwinder.unwind(code, sample.get(), 10, out) == UnwindStop::UnsupportedRule);
  CHECK(out.size() == 1);
  CHECK(unwinder.fallbacks() == 2);
}

TEST_CASE("AArch64: the link register in a leaf, frame records above, signatures stripped") {
  TestCode code(EM_AARCH64);
  const uint64_t leaf = kCode + 0x20, middle = kCode + 0x120, bottom = kCode + 0x220;
  const uint64_t signature = uint64_t{0x2f} << 48;
  Sample sample(0, {0x9999, signature | bottom, 0, 0});
  sample.state.machine = EM_AARCH64;
  sample.state.valid = 0;
  sample.set(32, leaf).set(31, kStack).set(29, kStack).set(30, middle);
  const Walked out = walk(code, sample);
  CHECK(out.stop == UnwindStop::EndOfStack);
  CHECK(out.addresses() == Addresses{leaf, middle, bottom});

  // What has no frame can only be a leaf.
  sample.words[1] = leaf;
  CHECK(walk(code, sample).stop == UnwindStop::NoProgress);
}

TEST_CASE("AArch64: a signal frame gives back all registers") {
  TestCode code(EM_AARCH64);
  const uint64_t handler = kCode + 0x120, back = kCode + 0x304, leaf = kCode + 0x20,
                 bottom = kCode + 0x220;
  // The handler's frame of 32 bytes, then siginfo and ucontext, whose registers begin at 312.
  std::vector<uint64_t> words(4 + 312 / 8 + 33);
  words[1] = back;
  const size_t registers = 4 + 312 / 8;
  words[registers + 30] = bottom;
  words[registers + 31] = kStack + 8 * (words.size() - 1);
  words[registers + 32] = leaf;
  Sample sample(0, words);
  sample.state.machine = EM_AARCH64;
  sample.set(32, handler).set(31, kStack).set(29, kStack).set(30, 0);
  const Walked out = walk(code, sample);
  CHECK(out.stop == UnwindStop::EndOfStack);
  REQUIRE(out.addresses() == Addresses{handler, back, leaf, bottom});
  CHECK(out.frames[1].kind == AddrKind::InstructionPointer);
  CHECK(out.frames[2].kind == AddrKind::InstructionPointer);
  CHECK(out.frames[3].kind == AddrKind::ReturnAddress);
}

TEST_CASE("A sample's registers go to their DWARF numbers") {
  // ax cx dx bp sp ip r8: the mask's bits in order.
  const uint64_t mask = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 16;
  const std::vector<uint64_t> values = {10, 12, 13, 16, 17, 18, 26};
  const auto bytes = std::as_bytes(std::span(values));
  const UserState x86 =
      user_state(EM_X86_64, PERF_SAMPLE_REGS_ABI_64, mask, U64View(bytes, false), bytes);
  CHECK(x86.machine == EM_X86_64);
  CHECK(x86.valid == (1u << 0 | 1u << 2 | 1u << 1 | 1u << 6 | 1u << 7 | 1u << 16 | 1u << 8));
  CHECK(x86.registers[0] == 10);
  CHECK(x86.registers[2] == 12);
  CHECK(x86.registers[1] == 13);
  CHECK(x86.registers[6] == 16);
  CHECK(x86.registers[16] == 18);
  CHECK(x86.registers[8] == 26);
  CHECK(raw(x86.stack_begin) == 17);
  CHECK(x86.stack.size() == bytes.size());

  const UserState arm = user_state(EM_AARCH64, PERF_SAMPLE_REGS_ABI_64,
                                   uint64_t{1} << 31 | uint64_t{1} << 32 | uint64_t{1} << 46,
                                   U64View(bytes, false), bytes);
  CHECK(arm.registers[31] == 10);
  CHECK(arm.registers[32] == 12);
  CHECK(arm.valid == (uint64_t{1} << 31 | uint64_t{1} << 32));

  // Fewer values than the mask has bits, as in a broken record.
  const UserState cut =
      user_state(EM_X86_64, PERF_SAMPLE_REGS_ABI_64, mask, U64View(bytes.first(8), false), bytes);
  CHECK(cut.valid == 1);
  CHECK(cut.stack.empty());
}

TEST_CASE("Tasks of 32 bits and other machines stop for that reason") {
  TestCode code;
  TableUnwinder unwinder(code.rules);
  std::vector<FrameAddress> out;
  for (const auto& [machine, abi] : {std::pair<uint16_t, uint64_t>{EM_X86_64, 1},
                                     {EM_X86_64, 0},
                                     {EM_RISCV, PERF_SAMPLE_REGS_ABI_64}}) {
    const UserState state = user_state(machine, abi, 0, {}, {});
    CHECK(unwinder.unwind(code, state, 10, out) == UnwindStop::UnsupportedMachine);
    CHECK(out.empty());
  }
}
