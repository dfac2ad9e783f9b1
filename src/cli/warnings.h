// print_warnings: what a command has to say besides its output, on stderr. Called when it is done.
#pragma once

#include <string>
#include <vector>

namespace prof {

void print_warnings(const std::vector<std::string>& warnings);

}  // namespace prof
