// Folded stacks out of a Profile: "comm;root;…;leaf N", the text that flamegraph.pl, inferno and
// speedscope read. Called by the fold command.
#pragma once

#include <optional>
#include <string>

#include "common/output.h"
#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

struct FoldedOptions {
  uint32_t event = 0;                 // of Profile::events
  std::optional<Weight> weight = {};  // unset: samples, or the periods of an event in_periods
  bool marks = false;          // _[k], _[j], _[i] behind names of kernel, JIT and inlined frames
  bool addresses = false;      // "[libc.so.6 <1a2b>]" for frames without a symbol
  bool reverse = false;        // leaf first
  std::string innermost = {};  // a frame behind the last of each stack; empty: none
  bool both_sides = false;     // of a differential: "stack BEFORE AFTER", as difffolded.pl
  /// If these totals differ, BEFORE is multiplied by to / from and cut to a whole number, as by
  /// difffolded.pl -n.
  double before_from = 1, before_to = 1;
};

/// Writes one line per distinct stack, ordered by the bytes of the stack. In names, `;` becomes
/// `:`, line ends and other control characters a space; blanks at their ends go, as they could not
/// be told from the one before the count. Returns the number of lines.
uint64_t write_folded(const Profile& profile, const FoldedOptions& options, Output& out);

}  // namespace prof
