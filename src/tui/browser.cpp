#include "tui/browser.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "tui/flame_view.h"
#include "tui/table_view.h"
#include "tui/terminal.h"

namespace prof {

namespace {

/// A window of keys in the middle, until one is pressed.
void show_help(Terminal& terminal, const View& view) {
  const auto lines = view.help();
  int width = 0;
  for (const auto line : lines) width = std::max(width, cells_of(line) + 4);
  width = std::min(width, terminal.columns());
  const int left = (terminal.columns() - width) / 2;
  int row = std::max(0, (terminal.rows() - static_cast<int>(lines.size()) - 2) / 2);
  terminal.put(row++, left, width, "  Keys (any key closes this)", Style::Head);
  for (const auto line : lines) {
    terminal.put(row++, left, width, "  " + std::string(line), Style::FrameFaded);
  }
  terminal.put(row, left, width, "", Style::FrameFaded);
  terminal.show();
  terminal.wait();
}

bool asks_for_help(KeyPress press) {  // 'h' and '?' as in perf
  return press.key == Key::Letter &&
         (press.letter == 'h' || press.letter == 'H' || press.letter == '?');
}

/// The arrow that a letter stands for, as in less.
KeyPress as_arrow(KeyPress press) {
  if (press.key != Key::Letter) return press;
  if (press.letter == 'k') return {Key::Up};
  if (press.letter == 'j') return {Key::Down};
  return press;
}

/// Both views of one table; the flame graph is made when it is first asked for.
struct Views {
  std::unique_ptr<TableView> table;
  std::unique_ptr<FlameView> flame;
};

}  // namespace

bool can_browse_here() {
  return Terminal::is_usable();
}

Result<void> browse_report(const ReportView& view) {
  if (view.tables.empty()) return fail("no event has samples", "was anything recorded?");
  auto opened = Terminal::open();
  if (!opened) return tl::unexpected(std::move(opened.error()));
  Terminal& terminal = **opened;
  std::vector<Views> all(view.tables.size());
  size_t event = 0;
  bool in_flames = false;
  for (;;) {
    Views& views = all[event];
    if (!views.table) views.table = std::make_unique<TableView>(view, view.tables[event]);
    if (in_flames && !views.flame) {
      views.flame = std::make_unique<FlameView>(view, view.tables[event]);
    }
    View& shown = in_flames ? static_cast<View&>(*views.flame) : *views.table;
    terminal.clear();
    shown.draw(terminal);
    terminal.put(terminal.rows() - 1, 0, terminal.columns(), shown.status, Style::Head);
    terminal.show();
    const KeyPress press = as_arrow(terminal.wait());
    if (press.key == Key::Closed) return {};
    if (asks_for_help(press)) {
      show_help(terminal, shown);
    } else if (press.key == Key::Tab) {
      event = (event + 1) % all.size();
    } else if (press.key == Key::BackTab) {
      event = (event + all.size() - 1) % all.size();
    } else {
      const Then then = shown.press(terminal, press);
      if (then == Then::Leave) return {};
      if (then == Then::OtherView) in_flames = !in_flames;
    }
  }
}

}  // namespace prof
