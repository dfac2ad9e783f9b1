// Differences: what the frames of a differential flame graph had on both sides, and which of that
// is more than chance. Made by draw_flamegraph; read by the colouring and the SVG writer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

/// How two sides are compared in a picture.
struct DifferenceOptions {
  double scale = 1;      // what weights of before are multiplied by to compare with those of after
  bool of_self = false;  // colours tell what changed in the function itself, as flamegraph.pl's
  bool negate = false;   // the colours change places
  /// Whether samples are counted, so that it is known what chance does: what may be chance is grey.
  bool tells_noise = false;
  bool by_share = true;  // both sides as shares of their totals
  /// By frame: how much more than counts of samples it varies; empty: not more.
  std::span<const double> spread = {};
};

class Differences {
 public:
  /// Shares of the later side's whole: 0 to 1.
  struct Change {
    double before = 0, after = 0;
    double size = 0;     // what is coloured: of the total, or of self
    double bound = 0;    // of the 95 % interval of after - before
    bool sure = false;   // it is not noise, as far as that is told
    bool vague = false;  // only below what was drawn for others: not to be coloured
  };

  /// Of the later side's tree, with the earlier side's weights as CallTree::others().
  static Differences of_tree(const Profile& profile, const CallTree& tree, Weight weight,
                             const DifferenceOptions& options);
  /// Of the tree of what is only in the earlier side; what the later side has is in others().
  static Differences of_vanished(const Profile& profile, const CallTree& tree, Weight weight,
                                 const DifferenceOptions& options);

  const Change& of(uint32_t node) const { return changes_[node]; }
  const DifferenceOptions& options() const { return options_; }
  /// The largest change among those that are told, but that of the root.
  double largest() const { return largest_; }
  /// "before 10.00%, after 12.34%, +2.34% ± 0.50%", "of what vanished: before 1.00%";
  /// where colours tell of self, "..., itself +1.00% ± 0.30%"
  std::string text(uint32_t node) const;

 private:
  explicit Differences(const DifferenceOptions& options) : options_(options) {}
  void judge(std::vector<double> chances);

  DifferenceOptions options_;
  std::vector<Change> changes_;  // by node
  double largest_ = 0;
};

/// What each node of a differential had before, by profile node.
std::vector<uint64_t> weights_before(const Profile& profile, uint32_t event, Weight weight);

/// The same of those that are in no stack of the later side; 0 of all others.
std::vector<uint64_t> vanished_weights(const Profile& profile, uint32_t event, Weight weight);

}  // namespace prof
