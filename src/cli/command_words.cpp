#include "cli/command_words.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

namespace prof {

namespace {

/// How many of the words after option `name` belong to it: 0 or 1; -1 for an option we do not have.
int values_of(const CLI::App& app, const std::string& name) {
  if (name == "-z" || name == "--compression-level") return 0;  // attached, or none
  const CLI::Option* option = app.get_option_no_throw(name);
  if (!option) return -1;
  return option->get_items_expected_max() == 0 || option->get_items_expected_min() == 0 ? 0 : 1;
}

/// The value that option `name` has where none is attached, if it is one of those that may do
/// without: CLI11 would take the next word for it.
std::optional<std::string> default_of(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option_no_throw(name);
  if (!option || option->get_items_expected_max() == 0 || option->get_items_expected_min() != 0) {
    return std::nullopt;
  }
  const std::string value = option->get_default_str();
  return value.empty() ? std::nullopt : std::optional(value);
}

}  // namespace

Words split_command(const CLI::App& app, Words& words) {
  Words options;
  size_t i = 0;
  for (; i < words.size() && words[i].size() > 1 && words[i][0] == '-'; ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      ++i;
      break;
    }
    if (word.starts_with("--")) {
      if (const auto value = default_of(app, word)) {
        options.push_back(word + "=" + *value);
        continue;
      }
      options.push_back(word == "--compression-level" ? word + "=1" : word);
      if (word.find('=') == word.npos && values_of(app, word) == 1 && i + 1 < words.size()) {
        options.push_back(words[++i]);
      }
      continue;
    }
    // A cluster, as in -ag, -F99, -agF 99 or -z5.
    for (size_t at = 1; at < word.size(); ++at) {
      const std::string name{'-', word[at]};
      const std::string rest = word.substr(at + 1);
      if (name == "-z") {
        const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
        options.push_back("--compression-level=" + (digits ? rest.substr(0, digits) : "1"));
        at += digits;
        continue;
      }
      if (const auto value = default_of(app, name)) {
        options.push_back(name + (rest.empty() ? *value : rest));
        break;
      }
      options.push_back(name);
      if (values_of(app, name) != 1) continue;
      if (!rest.empty()) {
        options.push_back(rest);
      } else if (i + 1 < words.size()) {
        options.push_back(words[++i]);
      }
      break;
    }
  }
  Words command(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
  words = std::move(options);
  return command;
}

void take_words(CLI::App& command, std::function<void(const Words&)> take) {
  // CLI11 collects options it does not know apart, but those all stand before the first word that
  // is none.
  command.set_help_flag();
  command.allow_extras();
  command.positionals_at_end();
  auto words = std::make_shared<Words>();
  command.add_option("words", *words)->expected(1, INT32_MAX)->group("");
  command.callback([&command, words, take = std::move(take)] {
    Words all = command.remaining();
    all.insert(all.end(), words->begin(), words->end());
    take(all);
  });
}

}  // namespace prof
