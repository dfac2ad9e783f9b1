// BreakpointSpec: a place in memory whose use is an event, "mem:0x601040/8:w". Made by event_spec;
// the recorder asks where a symbol is, once it is known whom to record.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

struct BreakpointSpec {
  std::string symbol;    // of the program, or of the kernel; empty: `address` is one
  uint64_t address = 0;  // or how far behind the symbol
  uint32_t access = 0;   // HW_BREAKPOINT_R, W and X
  uint64_t length = 0;
  std::string_view modifiers;  // what follows, without a colon
  bool has_modifiers = false;
};

/// Whether `text` begins as a breakpoint does.
bool is_breakpoint(std::string_view text);

/// "mem:PLACE[/LENGTH][:rwx][:modifiers]", where PLACE is 0xADDRESS, or SYMBOL[+OFFSET]. As in perf
/// it is read or written (rw) if nothing is said, of 4 bytes; execution has the length of a long.
Result<BreakpointSpec> parse_breakpoint(std::string_view text);

/// Where `symbol` will be in a command that is run without randomized addresses: found out by
/// running it so, up to its first instruction.
Result<uint64_t> address_in_command(const std::string& symbol,
                                    const std::vector<std::string>& command);

/// Where `symbol` is in all of these processes: in their program, or in a library that they have
/// loaded.
Result<uint64_t> address_in_processes(const std::string& symbol, std::span<const pid_t> pids);

}  // namespace prof
