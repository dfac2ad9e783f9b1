#include "report/call_graph_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace prof {

namespace {

constexpr std::string_view kMargin = "            ";  // perf's left margin of 12 columns
constexpr std::string_view kSpan = "          ";

class Printer {
 public:
  Printer(const CallGraphText& text, std::string& out) : text_(text), out_(out) {}

  void graph(const std::vector<ChainNode>& chains, const Weights& row) {
    const size_t before = out_.size();
    std::string margin(kMargin);
    const std::vector<ChainNode>* branches = &chains;
    uint64_t total = text_.total_period;
    // A single chain with the row's own weight needs no percentage and no column of its own.
    if (chains.size() == 1 && chains.front().total.period == row.period) {
      single(chains.front(), margin);
      branches = &chains.front().branches;
    }
    if (fractal()) total = row.period;
    std::vector<bool> lines{true};
    level(*branches, total, 1, lines, margin);
    if (out_.size() > before) out_ += '\n';
  }

  void folded(const std::vector<ChainNode>& chains) {
    uint32_t printed = 0;
    for (const Ending& ending : endings(chains)) {
      value(ending.node->hits, text_.total_period);
      char separator = ' ';
      for (const ChainNode* node : ending.path) {
        for (const FrameId frame : node->frames) {
          out_ += separator;
          name(frame);
          separator = ';';
        }
      }
      out_ += '\n';
      if (++printed == text_.options.print_limit) break;
    }
  }

  void flat(const std::vector<ChainNode>& chains) {
    uint32_t printed = 0;
    for (const Ending& ending : endings(chains)) {
      out_ += "           ";
      value(ending.node->hits, text_.total_period);
      out_ += '\n';
      for (const ChainNode* node : ending.path) {
        for (const FrameId frame : node->frames) {
          out_ += "                ";
          name(frame);
          out_ += '\n';
        }
      }
      out_ += '\n';
      if (++printed == text_.options.print_limit) break;
    }
  }

 private:
  struct Ending {
    const ChainNode* node;
    std::vector<const ChainNode*> path;
  };

  bool fractal() const { return text_.options.mode == CallGraphMode::Fractal; }

  void name(FrameId id) {
    const Frame& frame = text_.profile.frame(id);
    if (frame.kind == FrameKind::Unknown) {
      // C's %#x, as perf prints it: a zero has no prefix.
      out_ += frame.address == 0 ? "0" : fmt::format("{:#x}", frame.address);
    } else {
      out_ += text_.profile.strings[frame.name];
      if (frame.kind == FrameKind::Inlined) out_ += kInlinedMark;
    }
  }

  void value(const Weights& weights, uint64_t total) {
    switch (text_.options.value) {
      case CallGraphValue::Percent:
        fmt::format_to(
            std::back_inserter(out_), "{:.2f}%",
            total == 0 ? 0.0
                       : static_cast<double>(weights.period) * 100.0 / static_cast<double>(total));
        break;
      case CallGraphValue::Period:
        out_ += std::to_string(weights.period);
        break;
      case CallGraphValue::Count:
        out_ += std::to_string(weights.samples);
        break;
    }
  }

  void single(const ChainNode& chain, std::string& margin) {
    bool first = true;
    uint32_t printed = 0;
    for (size_t i = text_.sorted_by_symbol ? 1 : 0; i < chain.frames.size(); ++i) {
      out_ += margin;
      if (first) {
        out_ += "|\n";
        out_ += margin;
        out_ += "---";
        margin += "   ";
        first = false;
      }
      name(chain.frames[i]);
      out_ += '\n';
      if (++printed == text_.options.print_limit) break;
    }
  }

  /// The branches at `depth`; lines[i] says whether column i still has a line going down.
  void level(const std::vector<ChainNode>& branches, uint64_t total, size_t depth,
             std::vector<bool>& lines, const std::string& margin) {
    uint64_t remaining = total;
    uint32_t printed = 0;
    for (size_t i = 0; i < branches.size(); ++i) {
      const ChainNode& branch = branches[i];
      remaining -= std::min(remaining, branch.total.period);
      separator(depth, lines, margin);
      // The last branch ends its line, unless what fractal graphs leave out follows.
      if (i + 1 == branches.size() && (!fractal() || remaining == 0)) lines[depth - 1] = false;
      for (size_t f = 0; f < branch.frames.size(); ++f) {
        prefix(depth, lines, margin, f == 0 ? &branch.total : nullptr, total);
        name(branch.frames[f]);
        out_ += '\n';
      }
      uint64_t below = total;
      if (fractal()) below = branch.total.period - branch.hits.period;
      lines.push_back(true);
      level(branch.branches, below, depth + 1, lines, margin);
      lines.pop_back();
      if (++printed == text_.options.print_limit) break;
    }
    if (fractal() && remaining != 0 && remaining != total) {
      lines[depth - 1] = false;
      const Weights rest{remaining, 0};
      prefix(depth, lines, margin, &rest, total);
      out_ += "[...]\n";
    }
  }

  void separator(size_t depth, const std::vector<bool>& lines, const std::string& margin) {
    out_ += margin;
    for (size_t i = 0; i < depth; ++i) {
      out_ += lines[i] ? '|' : ' ';
      out_ += kSpan;
    }
    out_ += '\n';
  }

  void prefix(size_t depth, const std::vector<bool>& lines, const std::string& margin,
              const Weights* weights, uint64_t total) {
    out_ += margin;
    for (size_t i = 0; i < depth; ++i) {
      out_ += lines[i] ? '|' : ' ';
      if (weights && i + 1 == depth) {
        out_ += "--";
        value(*weights, total);
        out_ += "--";
      } else {
        out_ += kSpan;
      }
    }
  }

  /// The chains by what ends in them, greatest first, as folded and flat list them.
  std::vector<Ending> endings(const std::vector<ChainNode>& chains) const {
    std::vector<Ending> found;
    std::vector<const ChainNode*> path;
    const auto min_period = static_cast<uint64_t>(static_cast<double>(text_.total_period) *
                                                  text_.options.min_percent / 100);
    const auto visit = [&](const auto& self, const ChainNode& node) -> void {
      path.push_back(&node);
      if (node.hits.samples > 0 && node.hits.period >= min_period) found.push_back({&node, path});
      for (const ChainNode& branch : node.branches) self(self, branch);
      path.pop_back();
    };
    for (const ChainNode& chain : chains) visit(visit, chain);
    std::ranges::stable_sort(found, std::greater{},
                             [](const Ending& ending) { return ending.node->hits.period; });
    return found;
  }

  const CallGraphText& text_;
  std::string& out_;
};

}  // namespace

void append_call_graph(const CallGraphText& text, const std::vector<ChainNode>& chains,
                       const Weights& row, std::string& out) {
  Printer printer(text, out);
  switch (text.options.mode) {
    case CallGraphMode::Graph:
    case CallGraphMode::Fractal:
      printer.graph(chains, row);
      break;
    case CallGraphMode::Folded:
      printer.folded(chains);
      break;
    case CallGraphMode::Flat:
      printer.flat(chains);
      break;
    case CallGraphMode::None:
      break;
  }
}

}  // namespace prof
