// Id: an index that cannot be mixed up with another table's. Used for strings, DSOs, frames,
// stacks.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace prof {

template <class Tag>
struct Id {
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t value = kNone;

  constexpr bool valid() const { return value != kNone; }
  constexpr auto operator<=>(const Id&) const = default;
};

using StringId = Id<struct StringTag>;
using DsoId = Id<struct DsoTag>;
using FrameId = Id<struct FrameTag>;
using StackId = Id<struct StackTag>;

}  // namespace prof

template <class Tag>
struct std::hash<prof::Id<Tag>> {
  size_t operator()(prof::Id<Tag> id) const noexcept { return std::hash<uint32_t>{}(id.value); }
};
