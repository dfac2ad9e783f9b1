#include <fmt/format.h>

#include <string>
#include <vector>

#include "common/json_text.h"
#include "report/export_formats.h"

namespace prof {

Result<void> export_d3(const Profile& profile, const ExportOptions& options, Output& out) {
  CallTreeOptions tree_options;
  tree_options.event = options.event;
  tree_options.weight = options.weight;
  const CallTree tree = CallTree::build(profile, tree_options);
  const auto& nodes = tree.nodes();
  // What is still to be written: a node, or the end of the children of one.
  constexpr uint32_t kEnd = UINT32_MAX;
  std::vector<uint32_t> pending{0};
  std::string text;
  bool first = true;
  while (!pending.empty()) {
    const uint32_t at = pending.back();
    pending.pop_back();
    if (at == kEnd) {
      out << "]}";
      first = false;
      continue;
    }
    const CallTree::Node& node = nodes[at];
    text = first ? "{\"name\":" : ",\n{\"name\":";
    append_json_string(text, at == 0 ? std::string_view("all") : profile.name(node.frame));
    text += ",\"value\":" + weight_text(profile, options, node.total);
    text += node.children == 0 ? "}" : ",\"children\":[\n";
    out << text;
    first = node.children != 0;
    if (node.children == 0) continue;
    pending.push_back(kEnd);
    for (uint32_t k = node.children; k-- > 0;) pending.push_back(node.first_child + k);
  }
  out << "\n";
  return {};
}

}  // namespace prof
