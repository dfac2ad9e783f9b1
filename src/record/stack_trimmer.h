// StackTrimmer: cuts the stack copies in fresh samples to what is worth keeping. Used by the
// record loop on what it takes out of the rings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "perfdata/attr.h"
#include "perfdata/decode.h"

namespace prof {

/// The kernel reserves sample_stack_user bytes a sample and says how many of them it filled; the
/// rest is left over from older records. That rest is always cut, and when records pile up, so are
/// the copies themselves: the frames next to the leaf stay, and a sample cut short is better than
/// one that is lost.
class StackTrimmer {
 public:
  /// Bytes of a copy that remain when memory for records runs short.
  static constexpr uint64_t kShort = 1024;

  explicit StackTrimmer(std::span<const EventAttr> events);

  /// Trims the whole records of `records`, copies to at most `limit` bytes.
  void trim(std::vector<std::byte>& records, uint64_t limit = UINT64_MAX);
  /// Copies that were cut by the limit.
  uint64_t shortened() const { return shortened_; }

 private:
  EventTable events_;
  Decoder decoder_{events_, false};
  bool needed_ = false;  // no event copies stacks: there is nothing to do
  uint64_t shortened_ = 0;
};

}  // namespace prof
