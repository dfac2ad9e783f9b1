#include "cli/page_file.h"

#include <algorithm>
#include <filesystem>

#include "cli/profile_output.h"
#include "cli/warnings.h"

namespace prof {

Result<void> write_page_file(PageCommand& command, const std::string& path) {
  command.load.with_timeline = command.begin.empty();  // of whole stacks
  command.load.with_lines = true;
  command.load.with_quality = true;
  auto profile = load_profile(command.load);
  if (!profile) return tl::unexpected(profile.error());
  if (!command.begin.empty()) begin_stacks(command.begin, *profile);
  PageRequest& request = command.request;
  const std::string& input = command.load.input.path;
  if (input != "-") request.name = std::filesystem::path(input).filename().string();
  request.event = first_event_with_samples(*profile);
  // Before the file is made, or emptied.
  if (std::ranges::all_of(profile->events, [](const auto& event) { return event.samples == 0; })) {
    print_warnings(profile->warnings);  // why there is nothing to show, perhaps
    return fail("no stacks found", "was anything recorded, and is it what the filters ask for?", 2);
  }
  auto written = write_to(path, [&](Output& out) { return write_page(*profile, request, out); });
  if (!written) return written;
  print_warnings(profile->warnings);
  return {};
}

}  // namespace prof
