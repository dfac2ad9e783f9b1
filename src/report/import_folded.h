// Folded stacks ("a;b;c 12") into a Profile. Called by load_profile for text inputs.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "common/result.h"
#include "report/profile.h"

namespace prof {

/// Of a differential; who shows both sides drops it.
inline constexpr std::string_view kOnlySecondCount =
    "every line has two counts (a differential): the second is used, the first is not";

struct FoldedImportOptions {
  bool refuse_other_text = false;  // text of which most lines are no stacks is an error
  bool order_of_lines = false;     // Profile::timeline lists the lines
  double least_share = 0;          // LoadOptions::least_share; not of a differential
  /// Told now and then how many bytes were read, and will not be again soon.
  std::function<void(size_t bytes)> progress = {};
};

/// Takes what flamegraph.pl and inferno take: `#` comments and blank lines are skipped, CRLF and a
/// byte-order mark (UTF-8, UTF-16) are accepted, empty frames are dropped, lines without a count
/// are counted and warned of. `_[k]`, `_[j]`, `_[i]` marks give the frame's kind; without one,
/// names in brackets ("[unknown]", "[libc.so.6]") are Unknown, all others Other. The first frame of
/// a stack is its root, and the comm of the root's group.
///
/// Counts may be decimals: then the event's period_scale is a power of ten, periods are exact and
/// samples rounded. If every line has two counts (a differential), the second one counts, as
/// flamegraph.pl's widths do, the first is in Profile::before, and kOnlySecondCount warns. A stack
/// whose last frame ends in a blank and a number looks the same: where only some lines do, they are
/// such stacks, and a warning tells.
///
/// An input without any stack is an error naming `name`, with exit code 2.
Result<Profile> import_folded(std::span<const std::byte> text, const std::string& name,
                              const FoldedImportOptions& options = {});

}  // namespace prof
