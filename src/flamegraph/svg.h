// The flame graph as one self-contained SVG file. Called by draw_flamegraph.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/output.h"
#include "flamegraph/colouring.h"
#include "flamegraph/differences.h"
#include "flamegraph/layout.h"
#include "flamegraph/name_attributes.h"
#include "flamegraph/options.h"
#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

/// How a weight is written: "1,234", "31.23".
class CountFormat {
 public:
  /// Shown is weight * factor / scale.
  CountFormat(double factor, uint32_t scale);
  std::string operator()(uint64_t weight) const;

 private:
  double factor_;
  uint32_t scale_;
  int decimals_;
};

/// With a comma between thousands.
std::string grouped(uint64_t number);

/// A flame graph in the picture; below the first there may be others, with a caption each.
struct Panel {
  const CallTree& tree;
  const Layout& layout;
  const Colouring& colouring;
  const Differences* differences = nullptr;  // of a differential
  std::string root = "all";                  // the name of the root of everything
  std::string caption = {};
};

/// What is drawn, and every text around it, ready to be written.
struct Picture {
  const Profile& profile;
  std::vector<Panel> panels;  // at least one
  const FlamegraphOptions& options;
  std::string title;
  std::string subtitle;
  std::vector<std::string> notes;  // one line each, below the frames
  std::string unit;                // behind every count
  CountFormat count;
  const NameAttributes& attributes;

  const Panel& main() const { return panels.front(); }
};

/// Each frame is `<g class="frame"><title>name (1,234 samples, 12.34%)</title><rect/><text/></g>`,
/// coordinates in pixels of a picture options.width wide (kNominalWidth if that is 0). The text is
/// left out where not even the beginning of the name has room. Frames of the main panel are in the
/// group "frames", those of the next, of which there is at most one, in the group "below". Of a
/// differential, titles say what there was before and after instead of the count.
void write_svg(const Picture& picture, Output& out);

/// A picture that says why there is none.
void write_message_svg(std::string_view message, const FlamegraphOptions& options, Output& out);

}  // namespace prof
