// FlameView: the flame graph in a terminal: a row of cells for each depth, a colour for each kind
// of frame.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/call_tree.h"
#include "report/report.h"
#include "tui/view.h"

namespace prof {

class FlameView final : public View {
 public:
  FlameView(const ReportView& view, const TableEvents& events);

  void draw(Terminal& terminal) override;
  Then press(Terminal& terminal, KeyPress press) override;
  std::vector<std::string_view> help() const override;

 private:
  void build();
  void draw_node(Terminal& terminal, uint32_t node, int depth, bool faded);
  bool in_view(uint32_t node) const;
  /// Cells [left, right) of a node, as the zoom has it; an ancestor of the zoomed has all.
  std::pair<int, int> place_of(uint32_t node) const;
  uint32_t depth_of(uint32_t node) const;
  void select(uint32_t node);
  void zoom(uint32_t node);
  void beside(int step);
  void find(int step);
  bool matches(uint32_t node) const;
  std::string name_of(uint32_t node) const;
  std::string describe(uint32_t node) const;

  const ReportView& view_;
  const uint32_t event_;
  CallTree tree_;
  std::vector<uint64_t> starts_;  // by node: where it begins, in weights
  uint32_t root_ = 0;             // of what is drawn
  uint32_t zoomed_ = 0, selected_ = 0;
  int top_ = 0;  // depth of the first row
  int width_ = 80, height_ = 20;
  bool leaf_first_ = false;
  bool upward_ = false;  // the root at the bottom
  std::string wanted_;
};

}  // namespace prof
