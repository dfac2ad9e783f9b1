// SampleContents: what each sample is to have besides where and when it was taken, as -d, -W, -I,
// -b and their like ask for it. Filled by the command line, applied to every event by sampling.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace prof {

struct SampleContents {
  bool address = false;       // of the data that was accessed, and where it was found
  bool phys_address = false;  // of the data
  bool data_page_size = false, code_page_size = false;
  bool weight = false;
  bool transaction = false;
  bool raw = false;
  bool period = false;  // also where it is fixed
  bool cpu = false;
  bool identifier = false;
  bool cgroup = false;
  uint64_t interrupt_registers = 0, user_registers = 0;  // masks, PERF_REG_*
  uint64_t branches = 0;                                 // PERF_SAMPLE_BRANCH_*; 0: no branches

  /// Whether samples have what only the kernel can put into them, so that no BPF program can take
  /// them instead.
  bool is_kernels_own() const {
    return address || phys_address || data_page_size || code_page_size || weight || transaction ||
           raw || cgroup || interrupt_registers != 0 || user_registers != 0 || branches != 0;
  }

  /// Sets the bits of sample_type and what belongs to them, as perf does (evsel__config of its
  /// sources).
  void apply(perf_event_attr& attr) const;
};

/// The general registers of this machine, as perf takes them where none is named.
uint64_t general_registers();

/// "ax,bx" as a mask. `vectors`: whether there may be vector registers among them.
Result<uint64_t> parse_registers(std::string_view text, bool vectors);

/// The names that parse_registers() takes, with spaces between.
std::string register_list(bool vectors);

/// "any_call,u" as a mask of PERF_SAMPLE_BRANCH_*; without a kind of branch, any.
Result<uint64_t> parse_branch_filter(std::string_view text);

}  // namespace prof
