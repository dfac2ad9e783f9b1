#include "tui/terminal.h"

#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <cwchar>

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1  // clear, erase and others are names of ours, too
#include <ncurses.h>
#include <term.h>
#undef columns  // term.h makes macros of the capabilities' names

#include "common/utf8.h"

namespace prof {

namespace {

constexpr int kEscape = 0x1b;
constexpr int kEscapeDelay = 25;  // ms in which the rest of a key's sequence comes

struct Colours {
  short front, back;  // of 256
  short front8, back8;
  attr_t attributes;
};

/// By Style. -1: the terminal's own.
constexpr Colours kColours[] = {
    {-1, -1, -1, -1, A_NORMAL},
    {244, -1, -1, -1, A_DIM},
    {-1, -1, -1, -1, A_REVERSE},
    {-1, -1, -1, -1, A_REVERSE | A_BOLD},
    {196, -1, COLOR_RED, -1, A_BOLD},
    {34, -1, COLOR_GREEN, -1, A_NORMAL},
    {231, 127, COLOR_WHITE, COLOR_MAGENTA, A_BOLD},
    {232, 109, COLOR_BLACK, COLOR_WHITE, A_NORMAL},
    {232, 214, COLOR_BLACK, COLOR_YELLOW, A_NORMAL},
    {232, 221, COLOR_BLACK, COLOR_YELLOW, A_NORMAL},
    {232, 74, COLOR_BLACK, COLOR_CYAN, A_NORMAL},
    {232, 113, COLOR_BLACK, COLOR_GREEN, A_NORMAL},
    {232, 229, COLOR_BLACK, COLOR_YELLOW, A_NORMAL},
    {232, 248, COLOR_BLACK, COLOR_WHITE, A_NORMAL},
    {232, 140, COLOR_BLACK, COLOR_MAGENTA, A_NORMAL},
    {250, 238, COLOR_WHITE, COLOR_BLACK, A_NORMAL},
};

void choose_colours() {
  if (!has_colors()) return;
  start_color();
  use_default_colors();
  short pair = 1;
  for (const Colours& colours : kColours) {
    const bool many = COLORS >= 256;
    init_pair(pair++, many ? colours.front : colours.front8, many ? colours.back : colours.back8);
  }
}

attr_t attributes_of(Style style) {
  const auto index = static_cast<size_t>(style);
  attr_t attributes = kColours[index].attributes;
  if (has_colors()) attributes |= static_cast<attr_t>(COLOR_PAIR(static_cast<int>(index + 1)));
  // Without colours neighbours are told by turns.
  if (!has_colors() && style >= Style::FrameProcess && style != Style::FrameUserOther) {
    attributes |= A_REVERSE;
  }
  return attributes;
}

/// The cells of a character; 1 for the '?' of what cannot be shown.
int width_of(const Character& character) {
  if (!character.valid || character.code < 0x20) return 1;
  const int width = ::wcwidth(static_cast<wchar_t>(character.code));
  return width < 0 ? 1 : width;
}

bool can_be_shown(const Character& character) {
  return character.valid && character.code >= 0x20 && character.code != 0x7f &&
         ::wcwidth(static_cast<wchar_t>(character.code)) >= 0;
}

/// The beginning of `text` that takes at most `width` cells, and how many it takes.
std::pair<std::string, int> beginning(std::string_view text, int width) {
  std::string taken;
  int cells = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    const int its = width_of(character);
    if (cells + its > width) break;
    if (can_be_shown(character)) {
      taken += text.substr(0, character.length);
    } else {
      taken += '?';
    }
    cells += its;
    text.remove_prefix(character.length);
  }
  return {std::move(taken), cells};
}

KeyPress key_of(int code) {
  switch (code) {
    case KEY_UP:
      return {Key::Up};
    case KEY_DOWN:
      return {Key::Down};
    case KEY_LEFT:
      return {Key::Left};
    case KEY_RIGHT:
      return {Key::Right};
    case KEY_PPAGE:
      return {Key::PageUp};
    case KEY_NPAGE:
    case ' ':
      return {Key::PageDown};
    case KEY_HOME:
      return {Key::Home};
    case KEY_END:
      return {Key::End};
    case KEY_ENTER:
    case '\n':
    case '\r':
      return {Key::Enter};
    case KEY_BACKSPACE:
    case 0x7f:
    case '\b':
      return {Key::Backspace};
    case kEscape:
      return {Key::Escape};
    case '\t':
      return {Key::Tab};
    case KEY_BTAB:
      return {Key::BackTab};
    case KEY_RESIZE:
      return {Key::Resize};
    default:
      break;
  }
  if (code > 0x20 && code < 0x7f) return {Key::Letter, static_cast<char>(code)};
  return {};
}

/// What is behind an escape that TERM does not know as the beginning of a key: the sequences that
/// nearly all terminals send (ECMA-48), or nothing, for the key itself.
KeyPress after_escape() {
  ::nodelay(stdscr, true);
  std::string sequence;
  for (int code; sequence.size() < 8 && (code = ::getch()) != ERR && code > 0 && code < 0x7f;) {
    if (sequence.empty() && code != '[' && code != 'O') {
      ::ungetch(code);  // a key of its own
      break;
    }
    sequence += static_cast<char>(code);
    if (sequence.size() > 1 && code >= 0x40) break;  // the last of one
  }
  ::nodelay(stdscr, false);
  static constexpr std::pair<std::string_view, Key> kSequences[] = {
      {"", Key::Escape},      {"[A", Key::Up},      {"[B", Key::Down},  {"[C", Key::Right},
      {"[D", Key::Left},      {"OA", Key::Up},      {"OB", Key::Down},  {"OC", Key::Right},
      {"OD", Key::Left},      {"[H", Key::Home},    {"[F", Key::End},   {"OH", Key::Home},
      {"OF", Key::End},       {"[1~", Key::Home},   {"[4~", Key::End},  {"[5~", Key::PageUp},
      {"[6~", Key::PageDown}, {"[Z", Key::BackTab}, {"[7~", Key::Home}, {"[8~", Key::End},
  };
  for (const auto& [text, key] : kSequences) {
    if (text == sequence) return {key};
  }
  return {};
}

bool is_a_terminal() {
  return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

}  // namespace

int cells_of(std::string_view text) {
  int cells = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    cells += width_of(character);
    text.remove_prefix(character.length);
  }
  return cells;
}

std::string fit(std::string_view text, int width) {
  auto [whole, cells] = beginning(text, width);
  if (cells == cells_of(text)) return whole;
  if (width < 3) return {};
  return beginning(text, width - 2).first + "..";
}

bool Terminal::is_usable() {
  int error = 0;
  if (!is_a_terminal() || ::setupterm(nullptr, STDOUT_FILENO, &error) != OK) return false;
  const bool can_move = ::tigetstr("cup") != nullptr;
  ::del_curterm(cur_term);
  return can_move;
}

Result<std::unique_ptr<Terminal>> Terminal::open() {
  if (!is_a_terminal()) {
    return fail("standard input and output are no terminal", "'prof report --stdio' prints text");
  }
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
  ::set_escdelay(kEscapeDelay);
  SCREEN* screen = ::newterm(nullptr, stdout, stdin);
  if (screen == nullptr) {
    const char* term = std::getenv("TERM");
    return fail(std::string("the terminal '") + (term ? term : "") + "' is not known",
                "set TERM, or use 'prof report --stdio'");
  }
  std::unique_ptr<Terminal> terminal(new Terminal(screen));
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, true);
  ::curs_set(0);
  choose_colours();
  return terminal;
}

Terminal::~Terminal() {
  ::endwin();
  ::delscreen(static_cast<SCREEN*>(screen_));
}

int Terminal::rows() const {
  return LINES;
}

int Terminal::columns() const {
  return COLS;
}

void Terminal::clear() {
  ::erase();
}

void Terminal::put(int row, int column, int width, std::string_view text, Style style) {
  if (row < 0 || row >= rows() || column < 0 || column >= columns()) return;
  width = std::min(width, columns() - column);
  auto [shown, cells] = beginning(text, width);
  shown.append(static_cast<size_t>(width - cells), ' ');
  ::attrset(static_cast<int>(attributes_of(style)));
  ::mvaddnstr(row, column, shown.data(), static_cast<int>(shown.size()));
  ::attrset(A_NORMAL);
}

void Terminal::show() {
  ::refresh();
}

KeyPress Terminal::wait() {
  errno = 0;
  const int code = ::getch();
  // There is no time limit: without a key it was a signal, or it is the end of input.
  if (code == ERR) return {errno == EINTR ? Key::Other : Key::Closed};
  if (code == kEscape) return after_escape();
  return key_of(code);
}

std::optional<std::string> Terminal::ask(std::string_view question, std::string text) {
  for (;;) {
    put(rows() - 1, 0, columns(), std::string(question) + text + "_", Style::Head);
    show();
    const int code = ::getch();
    const KeyPress press = key_of(code);
    if (press.key == Key::Enter) return text;
    if (press.key == Key::Escape || press.key == Key::Closed) return std::nullopt;
    if (press.key == Key::Backspace) {
      // A character may be several bytes.
      while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80)
        text.pop_back();
      if (!text.empty()) text.pop_back();
    } else if (code >= 0x20 && code <= 0xff && code != 0x7f) {
      text += static_cast<char>(code);
    }
  }
}

}  // namespace prof
