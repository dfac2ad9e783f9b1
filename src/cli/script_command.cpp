#include "cli/command.h"

namespace prof {

void add_script_command(CLI::App&, CommandRun&) {}

}  // namespace prof
