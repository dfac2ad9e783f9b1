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

/// Both views of one table; the flame graph is made when it is first asked for.
struct Views {
  std::unique_ptr<TableView> table;
  std::unique_ptr<FlameView> flame;
};

}  // namespace

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
    const KeyPress press = terminal.wait();
    if (press.key == Key::Letter && (press.letter == '?' || press.letter == 'H')) {
      show_help(terminal, shown);
      continue;
    }
    switch (shown.press(terminal, press)) {
      case Then::Leave:
        return {};
      case Then::OtherView:
        in_flames = !in_flames;
        break;
      case Then::NextEvent:
        event = (event + 1) % all.size();
        break;
      case Then::PreviousEvent:
        event = (event + all.size() - 1) % all.size();
        break;
      case Then::Stay:
        break;
    }
  }
}

}  // namespace prof
