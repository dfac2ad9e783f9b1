#include "support/stepper.h"
#if defined(__x86_64__)  // captures are made of this machine's registers

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <thread>

#include "support/live_code.h"

namespace prof::test {

namespace {

constexpr long long kTrapFlag = 0x100;  // of rflags: a trap after each instruction

Steps* recording = nullptr;  // of the one stepper that runs
volatile bool stepping = false;
uintptr_t top = 0;
size_t max_states = 0, used_bytes = 0, room = 0;

void on_trap(int, siginfo_t*, void* context) {
  auto& flags = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL];
  if (!stepping) {
    flags &= ~kTrapFlag;
    return;
  }
  flags |= kTrapFlag;
  UserState state = registers_of(context);
  const uintptr_t sp = raw(state.stack_begin);
  const size_t size = top - sp;
  if (recording->states.size() == max_states || size > room - used_bytes) {
    recording->complete = false;
    stepping = false;
    flags &= ~kTrapFlag;
    return;
  }
  const auto copy = std::span(recording->bytes.get() + used_bytes, size);
  copy_memory(sp, copy);
  used_bytes += size;
  state.stack = copy;
  recording->states.push_back(state);  // was reserved
}

}  // namespace

Steps step_through(const std::function<void()>& run, size_t max_steps, size_t max_bytes) {
  Steps steps;
  steps.states.reserve(max_steps);
  steps.bytes.reset(new std::byte[max_bytes]);  // not touched before it is used
  room = max_bytes;
  recording = &steps;
  max_states = max_steps;
  used_bytes = 0;
  std::thread([&] {
    top = stack_top();
    std::vector<std::byte> other_stack(size_t{256} << 10);
    stack_t alternate{};
    alternate.ss_sp = other_stack.data();
    alternate.ss_size = other_stack.size();
    stack_t before{};
    sigaltstack(&alternate, &before);
    struct sigaction action {
    }, old{};
    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGTRAP, &action, &old);
    stepping = true;
    raise(SIGTRAP);
    run();
    stepping = false;  // the next instruction's trap is the last
    asm volatile("nop\n nop\n" ::: "memory");
    sigaction(SIGTRAP, &old, nullptr);
    sigaltstack(&before, nullptr);
  }).join();
  return steps;
}

}  // namespace prof::test

#endif
