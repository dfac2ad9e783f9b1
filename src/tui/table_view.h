// TableView: the report's rows with call chains that open below them, as perf's browser has them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "report/call_graph.h"
#include "report/report.h"
#include "report/table.h"
#include "report/table_rows.h"
#include "tui/view.h"

namespace prof {

class TableView final : public View {
 public:
  /// Of one of the view's tables; both must outlive it.
  TableView(const ReportView& view, const TableEvents& events);

  void draw(Terminal& terminal) override;
  Then press(Terminal& terminal, KeyPress press) override;
  std::vector<std::string_view> help() const override;

 private:
  /// The chains of a row, made when it is first opened, and those of their nodes that are open.
  struct Chains {
    std::vector<ChainNode> nodes;
    std::set<const ChainNode*> open;
    bool is_open = false;
  };
  struct Line {
    uint32_t row = 0;
    const ChainNode* node = nullptr;  // null: the row itself
    size_t frame = 0;                 // of the node's
    int depth = 0;                    // of the node
  };

  void choose_rows();
  void make_lines();
  void add_chains(uint32_t row, const std::vector<ChainNode>& nodes, int depth);
  bool can_open(const Line& line) const;
  bool is_open(const Line& line) const;
  void set_open(const Line& line, bool open, bool all);
  void open_all(const std::vector<ChainNode>& nodes, Chains& chains);
  Chains& chains_of(uint32_t row);
  void move(int64_t by);
  void go_to_parent();
  void toggle_filter(std::optional<StringId>& filter, StringId value);
  void write_file();

  std::string text_of(const Line& line) const;
  Style style_of(const Line& line) const;
  std::string summary() const;

  const ReportView& view_;
  const TableEvents& events_;
  const TableRows rows_;
  const Table table_;
  CallGraphBuilder builder_;
  std::vector<uint32_t> chosen_;  // rows that the filters leave, in order
  std::vector<Line> lines_;
  std::map<uint32_t, Chains> chains_;
  size_t cursor_ = 0, top_ = 0;
  int page_ = 1;        // lines on the screen
  int scrolled_ = 0;    // cells to the right
  std::string symbol_;  // only rows whose text has this in it
  std::optional<StringId> dso_, comm_;
  std::string said_;  // instead of the summary, until the next key
};

}  // namespace prof
