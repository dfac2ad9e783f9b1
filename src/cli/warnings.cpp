#include "cli/warnings.h"

#include <fmt/core.h>

namespace prof {

void print_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) fmt::print(stderr, "prof: warning: {}\n", warning);
}

}  // namespace prof
