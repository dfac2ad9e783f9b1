// FrameClasses: which frames of a profile are one frame in a call tree. Used by the tree's
// builders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "report/call_tree.h"
#include "report/id_pair_map.h"

namespace prof {

/// Numbers the frames so that equal numbers mean "one node under one parent".
class FrameClasses {
 public:
  FrameClasses(const Profile& profile, const CallTreeOptions& options)
      : profile_(profile), by_label_(options.by_label) {
    class_of_.reserve(profile.frames.size());
    IdPairMap known;
    for (size_t i = 0; i < profile.frames.size(); ++i) {
      const Frame& frame = profile.frames[i];
      const uint32_t name = by_label_ ? options.labels[i].value : frame.name.value;
      const uint32_t kind = by_label_ ? 0 : static_cast<uint32_t>(frame.kind);
      const auto fresh = static_cast<uint32_t>(sizes_.size());
      const uint32_t id = known.find_or_add(name, kind, fresh);
      if (id == fresh) sizes_.push_back(0);
      ++sizes_[id];
      class_of_.push_back(id);
    }
  }

  uint32_t of(FrameId frame) const { return class_of_[frame.value]; }
  size_t count() const { return sizes_.size(); }
  /// Several frames are in this frame's class, so that siblings may have to be merged.
  bool shared(FrameId frame) const { return sizes_[of(frame)] > 1; }

  /// The order of siblings: by name, then kind. No two siblings are equal in both.
  bool before(FrameId a, FrameId b) const {
    const Frame& x = profile_.frame(a);
    const Frame& y = profile_.frame(b);
    if (x.name != y.name) return profile_.strings[x.name] < profile_.strings[y.name];
    return x.kind < y.kind;
  }
  /// Puts siblings in order; `frame_of` gives the frame of one.
  template <class Iterator, class FrameOf>
  void sort(Iterator begin, Iterator end, FrameOf frame_of) const {
    if (by_label_ || end - begin < 2) return;
    std::sort(begin, end,
              [&](const auto& a, const auto& b) { return before(frame_of(a), frame_of(b)); });
  }

 private:
  const Profile& profile_;
  bool by_label_;
  std::vector<uint32_t> class_of_;  // by FrameId
  std::vector<uint32_t> sizes_;     // by class
};

/// The smallest total that stays in the tree.
inline uint64_t least_total(const CallTreeOptions& options, uint64_t total) {
  const double least = options.min_share * static_cast<double>(std::max(total, options.whole));
  auto whole_part = static_cast<uint64_t>(least);
  if (static_cast<double>(whole_part) < least) ++whole_part;
  return std::max<uint64_t>(whole_part, 1);
}

}  // namespace prof
