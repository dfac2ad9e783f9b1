// write_page_file: from a recording to the HTML page. What `flamegraph --html` and `view` have in
// common.
#pragma once

#include <string>

#include "common/result.h"
#include "flamegraph/page.h"
#include "report/load.h"
#include "report/profile_edits.h"

namespace prof {

struct PageCommand {
  LoadOptions load;
  StackBegin begin;
  PageRequest request;  // name and event are filled in
};

/// Loads what the page needs, writes it to `path` ("-" or empty: standard output), and prints the
/// warnings there are. A recording without stacks is an error with exit code 2.
Result<void> write_page_file(PageCommand& command, const std::string& path);

}  // namespace prof
