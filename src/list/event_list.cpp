#include "list/event_list.h"

#include <algorithm>

#include "list/kinds.h"

namespace prof {

namespace {

constexpr std::string_view kUsdt = "usdt:";

bool holds(const ListedEvent& event, std::string_view word) {
  // Names that cannot be read may be what is meant.
  if (event.name == kUnreadable) return word.find(':') != word.npos || word == event.kind;
  return event.kind == word || event.name.find(word) != std::string::npos ||
         (event.kind != "tracepoint" && event.description.find(word) != std::string::npos);
}

}  // namespace

Result<std::vector<ListedEvent>> list_events(const ListOptions& options) {
  std::vector<ListedEvent> out;
  std::vector<std::string_view> words;
  bool of_file = false;
  for (const std::string& word : options.words) {
    if (!word.starts_with(kUsdt)) {
      words.push_back(word);
      continue;
    }
    of_file = true;
    const std::string path = word.substr(kUsdt.size());
    if (auto done = list_usdt_of_file(path, out); !done) return tl::unexpected(done.error());
  }
  if (!options.pid.empty()) {
    if (auto done = list_usdt_of_process(options.pid, out); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (!of_file && options.pid.empty()) {
    list_generic_events(out);
    std::vector<ListedEvent> pmus;
    list_pmu_events(options.details, pmus);
    std::ranges::move(pmus, std::back_inserter(out));
    list_tracepoints(options.details, out);
  }
  if (!words.empty()) {
    std::erase_if(out, [&](const ListedEvent& event) {
      return std::ranges::none_of(words, [&](auto word) { return holds(event, word); });
    });
  }
  return out;
}

}  // namespace prof
