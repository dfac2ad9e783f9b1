// Colouring: the colour of each frame of a picture, and the legend that says what colours mean.
// Made by the SVG writer for one tree.
#pragma once

#include <string>
#include <vector>

#include "flamegraph/differences.h"
#include "flamegraph/options.h"
#include "flamegraph/palette.h"
#include "flamegraph/palette_file.h"
#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

struct LegendEntry {
  Rgb colour;
  std::string label;
};

class Colouring {
 public:
  /// `kept` are colours of earlier pictures, which win, and which learn those of this one; may be
  /// null. `whole` is the weight of the full width.
  Colouring(const Profile& profile, const CallTree& tree, uint64_t whole,
            const FlamegraphOptions& options, PaletteFile* kept);
  /// Of a differential: by what changed.
  Colouring(const Profile& profile, const CallTree& tree, const FlamegraphOptions& options,
            const Differences& differences);

  Rgb of(uint32_t node) const { return colours_[node]; }
  /// Empty where colours mean nothing.
  const std::vector<LegendEntry>& legend() const { return legend_; }

 private:
  void by_kind();
  void by_group();
  void by_self(uint64_t whole);
  void by_change(const Differences& differences);
  void add_kind_legend(const std::vector<bool>& seen, bool kinds_known);
  void keep(PaletteFile& kept);
  const Frame* frame_of(uint32_t node) const;
  std::string_view name_of(uint32_t node) const;

  const Profile& profile_;
  const CallTree& tree_;
  const FlamegraphOptions& options_;
  std::vector<Rgb> colours_;  // by node
  std::vector<LegendEntry> legend_;
};

}  // namespace prof
