// Stepper: runs a function instruction by instruction and copies the stack at each. Used to compare
// unwinders at every place of prologues, epilogues, PLT entries and the dynamic linker.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "unwind/unwinder.h"

namespace prof::test {

struct Steps {
  std::vector<UserState> states;  // with views of `bytes`
  std::unique_ptr<std::byte[]> bytes;
  bool complete = true;  // false: there was no room for more
};

/// In a thread of its own, so that stacks are small. `run` must not allocate memory.
Steps step_through(const std::function<void()>& run, size_t max_steps = 50'000,
                   size_t max_bytes = size_t{512} << 20);

}  // namespace prof::test
