#include "report/function_totals.h"

#include <algorithm>
#include <unordered_map>

#include "report/exporter.h"

namespace prof {

namespace {

/// Sums of things that may be on a path several times: only the outermost counts.
struct OnPath {
  uint64_t total = 0;
  uint32_t depth = 0;  // how often it is on the path at hand
};

uint64_t call_key(FrameId caller, FrameId callee) {
  return uint64_t{caller.value} << 32 | callee.value;
}

/// By node: the weight of its subtree.
std::vector<uint64_t> subtree_weights(const Profile& profile, uint32_t event, Weight weight) {
  std::vector<uint64_t> totals(profile.nodes.size());
  for (size_t i = totals.size(); i-- > 0;) {
    const StackNode& node = profile.nodes[i];
    if (profile.groups[node.group].event == event) totals[i] += weight_of(node, weight);
    if (node.parent != UINT32_MAX) totals[node.parent] += totals[i];
  }
  return totals;
}

class Walk {
 public:
  Walk(const Profile& profile, uint32_t event, Weight weight, bool roots)
      : profile_(profile),
        event_(event),
        weight_(weight),
        roots_(roots),
        functions_(profile.frames.size()),
        selfs_(profile.frames.size()) {}

  FunctionTotals run() {
    const auto totals = subtree_weights(profile_, event_, weight_);
    for (uint32_t i = 0; i < totals.size(); ++i) {
      const StackNode& node = profile_.nodes[i];
      while (!path_.empty() && path_.back().node != node.parent) leave();
      enter(i, totals[i]);
    }
    while (!path_.empty()) leave();
    return result();
  }

 private:
  struct Step {
    uint32_t node;
    FrameId function;  // invalid: a root that is none
    OnPath* call;
  };

  void enter(uint32_t index, uint64_t total) {
    const StackNode& node = profile_.nodes[index];
    if (node.parent == UINT32_MAX && !roots_) {
      path_.push_back({index, {}, nullptr});
      return;
    }
    const FrameId function = profile_.function_of(node.frame);
    OnPath& here = functions_[function.value];
    if (here.depth++ == 0) here.total += total;
    if (profile_.groups[node.group].event == event_) {
      selfs_[function.value] += weight_of(node, weight_);
    }
    OnPath* call = nullptr;
    if (!path_.empty() && path_.back().function.valid() && total != 0) {
      const auto [it, added] = calls_.try_emplace(call_key(path_.back().function, function));
      if (added) call_order_.push_back(it->first);
      call = &it->second;
      if (call->depth++ == 0) call->total += total;
    }
    path_.push_back({index, function, call});
  }

  void leave() {
    const Step& step = path_.back();
    if (step.function.valid()) --functions_[step.function.value].depth;
    if (step.call) --step.call->depth;
    path_.pop_back();
  }

  FunctionTotals result() const {
    FunctionTotals out;
    for (uint32_t i = 0; i < functions_.size(); ++i) {
      if (functions_[i].total != 0) {
        out.functions.push_back({FrameId{i}, selfs_[i], functions_[i].total});
      }
    }
    std::ranges::stable_sort(out.functions, [](const FunctionTotal& a, const FunctionTotal& b) {
      return a.self != b.self ? a.self > b.self : a.total > b.total;
    });
    for (const uint64_t key : call_order_) {
      out.calls.push_back({FrameId{static_cast<uint32_t>(key >> 32)},
                           FrameId{static_cast<uint32_t>(key)}, calls_.at(key).total});
    }
    return out;
  }

  const Profile& profile_;
  const uint32_t event_;
  const Weight weight_;
  const bool roots_;
  std::vector<OnPath> functions_;  // by frame
  std::vector<uint64_t> selfs_;
  std::unordered_map<uint64_t, OnPath> calls_;  // its elements stay where they are
  std::vector<uint64_t> call_order_;
  std::vector<Step> path_;
};

}  // namespace

FunctionTotals function_totals(const Profile& profile, uint32_t event, Weight weight, bool roots) {
  return Walk(profile, event, weight, roots).run();
}

}  // namespace prof
