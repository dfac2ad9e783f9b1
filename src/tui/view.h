// View: what fills the screen: the table, or the flame graph. Driven by browser.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tui/terminal.h"

namespace prof {

/// What the browser does after a key.
enum class Then : uint8_t { Stay, Leave, OtherView };

class View {
 public:
  virtual ~View() = default;
  /// Fills all rows of the terminal but the last, and leaves what there is to say in `status`.
  virtual void draw(Terminal& terminal) = 0;
  /// Not told of what the browser does itself: help, other events, the terminal's end. The letters
  /// k and j come as arrows.
  virtual Then press(Terminal& terminal, KeyPress press) = 0;
  /// "key  what it does", one a line.
  virtual std::vector<std::string_view> help() const = 0;

  std::string status;  // the last line
};

}  // namespace prof
