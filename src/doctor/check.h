// Check: one thing that was tried, and what came of it. Made by the files check_*.cpp, one for each
// group; printed by text and json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

enum class CheckState : uint8_t {
  Works,
  Partly,
  Fails,
  Fact,  // told, not tried
};

/// "works", "partly", "fails", "fact".
std::string_view state_name(CheckState state);

struct Check {
  std::string group, name;
  CheckState state = CheckState::Fact;
  std::string cause;   // what was found: why it does not work, or how far it does
  std::string remedy;  // the command, the sysctl or the package; empty if there is none
};

/// Collects the checks of a group.
class CheckGroup {
 public:
  CheckGroup(std::vector<Check>& checks, std::string_view group) : checks_(checks), group_(group) {}

  void fact(std::string_view name, std::string text) { add(name, CheckState::Fact, text, {}); }
  void works(std::string_view name, std::string text = {}) {
    add(name, CheckState::Works, text, {});
  }
  void partly(std::string_view name, std::string cause, std::string remedy = {}) {
    add(name, CheckState::Partly, std::move(cause), std::move(remedy));
  }
  void fails(std::string_view name, std::string cause, std::string remedy = {}) {
    add(name, CheckState::Fails, std::move(cause), std::move(remedy));
  }
  /// The first line of its hint is the remedy.
  void fails(std::string_view name, const Error& error) {
    fails(name, error.message, error.hint.substr(0, error.hint.find('\n')));
  }

 private:
  void add(std::string_view name, CheckState state, std::string cause, std::string remedy) {
    checks_.push_back(
        {std::string(group_), std::string(name), state, std::move(cause), std::move(remedy)});
  }
  std::vector<Check>& checks_;
  std::string_view group_;
};

}  // namespace prof
