#include "cli/command.h"

namespace prof {

void add_record_command(CLI::App&, CommandRun&) {}

}  // namespace prof
