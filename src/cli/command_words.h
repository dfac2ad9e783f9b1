// The command line of commands that run another program: options end at the first word that is
// none, as in perf, and what follows is left alone. Used by record and stacks.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace prof {

using Words = std::vector<std::string>;

/// Splits off what follows the options, and a "--" between: `words` keeps the options, ready for
/// `app`.
Words split_command(const CLI::App& app, Words& words);

/// Gives all words after the subcommand to `take`, as they are: CLI11 alone would let -z swallow
/// the command's name, and the command's options would be ours.
void take_words(CLI::App& command, std::function<void(const Words&)> take);

}  // namespace prof
