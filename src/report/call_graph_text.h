// The text forms of a row's call graph, as perf prints them under the row. Called by report_text.
#pragma once

#include <string>
#include <vector>

#include "report/call_graph.h"

namespace prof {

struct CallGraphText {
  const Profile& profile;
  const CallGraphOptions& options;
  uint64_t total_period = 0;      // what percentages of graph, flat and folded relate to
  bool sorted_by_symbol = false;  // the row's own name is not repeated at the head of its graph
};

/// Appends the chains of a row whose own weight is `row` to `out`.
void append_call_graph(const CallGraphText& text, const std::vector<ChainNode>& chains,
                       const Weights& row, std::string& out);

}  // namespace prof
