// NameAttributes: what a file of the user's says of functions: flamegraph.pl's --nameattr. Asked by
// the SVG writer for each frame.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

/// Attributes of one function's frames.
struct NameAttribute {
  std::string id, classes, style, title;
  std::string href, target;  // the frame is a link; target is "_top" if not given
  std::string on_click, on_mouse_over, on_mouse_out;
};

class NameAttributes {
 public:
  /// Lines of "function<tab>name=value<tab>name=value…". Fails on a line without a tab, and on a
  /// name that is none of id, class, style, title, href, target, onclick, onmouseover, onmouseout.
  static Result<NameAttributes> parse(std::string_view text);

  /// Null where nothing is said of the function.
  const NameAttribute* of(std::string_view function) const;
  bool empty() const { return attributes_.empty(); }

 private:
  std::map<std::string, NameAttribute, std::less<>> attributes_;
};

}  // namespace prof
