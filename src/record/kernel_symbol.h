// Kernel symbols: functions and variables of the running kernel, by their names in /proc/kallsyms.
// Asked for breakpoints and kprobes.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace prof {

/// Where `symbol` is: a function or variable, "name" or "module:name". The error of an unknown one
/// has the nearest names; where the kernel hides its addresses, it says so.
Result<uint64_t> kernel_address(const std::string& symbol,
                                const std::string& kallsyms = "/proc/kallsyms");

/// An error if the kernel says that it has no such function.
Result<void> check_kernel_function(const std::string& symbol,
                                   const std::string& kallsyms = "/proc/kallsyms");

}  // namespace prof
