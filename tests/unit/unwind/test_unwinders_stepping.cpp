// The table's walker beside libunwind's at every instruction, and out of signal handlers.
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <thread>

#include "support/live_code.h"
#include "support/stacks/stacks.h"
#include "support/stepper.h"
#include "support/walkers.h"

#if defined(__x86_64__)

using namespace prof;
using test::Captured;
using test::Chain;
using test::LiveCode;
using test::Walkers;

namespace {

#ifdef __SANITIZE_ADDRESS__  // whose longjmp goes over all of the stack's shadow
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr size_t kMaxSteps = kSanitized ? 4'000 : 50'000;

void visit_nothing(void*) {}

void visit_clock(void*) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
}

/// The return addresses on the stack, known by the calls and returns that were stepped over.
class ShadowStack {
 public:
  /// `state` follows the one of the last call.
  void step(const UserState& state) {
    const uint64_t pc = state.registers[16], sp = state.registers[7];
    while (!calls_.empty() && calls_.back().slot < sp) calls_.pop_back();
    if (last_pc_ != 0 && sp == last_sp_ - 8) {
      uint64_t pushed = 0;
      std::memcpy(&pushed, state.stack.data(), sizeof pushed);
      const bool after_last = pushed > last_pc_ && pushed <= last_pc_ + 8;
      if (after_last) calls_.push_back({sp, pushed});
    }
    last_pc_ = pc;
    last_sp_ = sp;
  }
  bool agrees(const Chain& chain) const {
    if (chain.frames.size() <= calls_.size()) return false;
    for (size_t i = 0; i < calls_.size(); ++i) {
      if (raw(chain.frames[1 + i].addr) != calls_[calls_.size() - 1 - i].target) return false;
    }
    return true;
  }
  size_t depth() const { return calls_.size(); }

 private:
  struct Call {
    uint64_t slot, target;
  };
  std::vector<Call> calls_;
  uint64_t last_pc_ = 0, last_sp_ = 0;
};

struct Tally {
  size_t steps = 0;  // instructions
  size_t unsupported = 0;
  size_t to_root = 0;   // table's chains that reach the root
  size_t true_ = 0;     // table's chains that have just the calls that were made
  size_t depth = 0;     // of these calls, at most
  size_t compared = 0;  // where libunwind reaches the root, too
  size_t different = 0;
  size_t kernel_different = 0;  // chains of the kernel-side walker that are not the table's
  uint64_t first_lost = 0, first_untrue = 0, first_different = 0;  // pc
};

Tally compare(const test::Steps& steps, Walkers& walkers) {
  Tally tally;
  ShadowStack truth;
  for (const UserState& state : steps.states) {
    // longjmp's rule, which the table does not support, is of the frame that it jumps to.
    const auto range = walkers.map.find(VirtAddr{state.registers[16]});
    if (range && range->module &&
        range->module->table().find(ElfAddr{state.registers[16] - range->bias}) ==
            UNWIND_RULE_UNSUPPORTED) {
      ++tally.unsupported;
      continue;
    }
    ++tally.steps;
    truth.step(state);
    tally.depth = std::max(tally.depth, truth.depth());
    const uint64_t pc = state.registers[16];
    const Chain table = test::walk(walkers.table, walkers.map, state);
    if (table.stop == UnwindStop::EndOfStack) {
      ++tally.to_root;
    } else if (tally.first_lost == 0) {
      tally.first_lost = pc;
    }
    unsigned end = 0;
    const auto kernel = walkers.kernel.walk(state, end);
    const bool same = std::ranges::equal(table.frames, kernel, {},
                                         [](const FrameAddress& frame) { return raw(frame.addr); });
    if (!same || end != KERNEL_WALK_BOTTOM) ++tally.kernel_different;
    if (truth.agrees(table)) {
      ++tally.true_;
    } else if (tally.first_untrue == 0) {
      tally.first_untrue = pc;
    }
    if (!walkers.libunwind) continue;
    const Chain other = test::walk(*walkers.libunwind, walkers.map, state);
    if (other.stop != UnwindStop::EndOfStack) continue;
    ++tally.compared;
    if (!test::same_frames(table, other) && tally.different++ == 0) tally.first_different = pc;
  }
  return tally;
}

}  // namespace

TEST_CASE("At every instruction the table's chain reaches the root and equals libunwind's") {
  for (const auto& stacks : kStacks) {
    for (const int seed : {0, 1}) {
      const auto steps = test::step_through(
          [&] {
            stacks.run(7, seed, visit_clock, nullptr);
            stacks.run(1, 1, visit_nothing, nullptr);
          },
          kMaxSteps);
      LiveCode code;
      Walkers walkers(code);
      const Tally tally = compare(steps, walkers);
      INFO(stacks.name << ", seed " << seed);
      INFO(std::hex << "first lost at 0x" << tally.first_lost << ", first different at 0x"
                    << tally.first_different << ", first untrue at 0x" << tally.first_untrue);
      CHECK((steps.complete || kSanitized));
      CHECK(tally.steps > 1000);
      CHECK(tally.unsupported <= 30);
      CHECK(tally.depth >= 8);
      CHECK(tally.true_ == tally.steps);
      CHECK(tally.to_root == tally.steps);
      CHECK(tally.different == 0);
      CHECK(tally.kernel_different == 0);
      if (walkers.libunwind) CHECK(tally.compared * 10 >= tally.steps * 9);
    }
  }
}

namespace {

/// What the handler copies: the stack of the thread from the lowest byte in use on.
struct SignalTest {
  uintptr_t from = 0, top = 0;
  Captured captured;
};
SignalTest* signal_test = nullptr;

[[gnu::noinline]] void capture_in_handler() {
  const Captured here = test::capture(signal_test->top);
  UserState state = here.state();
  const uintptr_t sp = raw(state.stack_begin);
  const uintptr_t from = std::min(signal_test->from, sp);
  std::vector<std::byte> bytes(sp - from);
  test::copy_memory(from, bytes);
  // From sp on, capture()'s own copy: its frame is gone by now.
  bytes.insert(bytes.end(), state.stack.begin(), state.stack.end());
  state.stack_begin = VirtAddr{from};
  signal_test->captured = Captured(state, std::move(bytes));
}

void on_signal(int) {
  capture_in_handler();
}

void visit_raise(void*) {
  signal_test->from = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - 4096;
  raise(SIGUSR2);
}

void run_with_handler(bool alternate_stack) {
  // The alternate stack lies above the frames that the signal interrupts.
  alignas(16) std::byte other_stack[128 << 10];
  stack_t alternate{}, before{};
  alternate.ss_sp = other_stack;
  alternate.ss_size = sizeof other_stack;
  sigaltstack(&alternate, &before);
  struct sigaction action {
  }, old{};
  action.sa_handler = on_signal;
  action.sa_flags = alternate_stack ? SA_ONSTACK : 0;
  sigaction(SIGUSR2, &action, &old);
  stacks_O2(12, 1, visit_raise, nullptr);
  sigaction(SIGUSR2, &old, nullptr);
  sigaltstack(&before, nullptr);
}

}  // namespace

TEST_CASE("A walk leaves signal handlers, on the same and on an alternate stack") {
  const bool alternate = GENERATE(false, true);
  SignalTest test;
  std::thread([&] {
    signal_test = &test;
    test.top = test::stack_top();
    run_with_handler(alternate);
  }).join();
  LiveCode code;
  Walkers walkers(code);
  REQUIRE_FALSE(test.captured.empty());
  test::check_same(walkers, test.captured.state(), 18);
  const Chain chain = test::walk(walkers.table, code, test.captured.state());
  // Exact: the leaf, __restore_rt, and what the signal interrupted.
  CHECK(std::ranges::count(chain.frames, AddrKind::InstructionPointer, &FrameAddress::kind) == 3);
}
#endif
