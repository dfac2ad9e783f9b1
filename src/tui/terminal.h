// Terminal: the screen as cells of text, and keys. The only file that knows ncurses.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace prof {

enum class Style : uint8_t {
  Plain,
  Quiet,
  Head,      // titles, the line below
  Selected,  // where the cursor is
  Hot,       // 5 % and more, as in perf
  Warm,      // 0.5 % and more
  Match,     // what was searched for
  // Frames of a flame graph, by kind.
  FrameProcess,
  FrameUser,
  FrameUserOther,  // beside another one
  FrameKernel,
  FrameJit,
  FrameInlined,
  FrameUnknown,
  FrameWaiting,
  FrameFaded,  // zoomed past
};

enum class Key : uint8_t {
  Letter,  // see KeyPress::letter
  Up,
  Down,
  Left,
  Right,
  PageUp,
  PageDown,
  Home,
  End,
  Enter,
  Escape,
  Backspace,
  Tab,
  BackTab,
  Resize,
  Closed,  // the terminal is gone
  Other,
};

struct KeyPress {
  Key key = Key::Other;
  char letter = 0;
};

class Terminal {
 public:
  /// Whether open() can take it: standard input and output are a terminal that TERM describes, and
  /// its cursor can be moved.
  static bool is_usable();
  /// Takes the terminal of standard input and output over, until it is destroyed. Fails where there
  /// is none, or TERM is not known.
  static Result<std::unique_ptr<Terminal>> open();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  int rows() const;
  int columns() const;

  void clear();
  /// Writes `text` into `width` cells from (row, column), cut or filled up with blanks. Characters
  /// that cannot be shown are '?'.
  void put(int row, int column, int width, std::string_view text, Style style);
  void show();

  KeyPress wait();
  /// Lets the user write a line at the bottom. None if they changed their mind.
  std::optional<std::string> ask(std::string_view question, std::string text);

 private:
  explicit Terminal(void* screen) : screen_(screen) {}
  void* screen_;  // ncurses' SCREEN
};

/// How many cells a text takes, and the longest beginning of it that takes at most `width`, with
/// ".." at its end where it was cut.
int cells_of(std::string_view text);
std::string fit(std::string_view text, int width);

}  // namespace prof
