#include "cli/profile_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "common/unique_fd.h"

namespace prof {

uint32_t first_event_with_samples(const Profile& profile) {
  for (size_t i = 0; i < profile.events.size(); ++i) {
    if (profile.events[i].samples) return static_cast<uint32_t>(i);
  }
  return 0;
}

std::string other_events(const Profile& profile, uint32_t chosen) {
  std::string names;
  for (size_t i = 0; i < profile.events.size(); ++i) {
    if (i == chosen || profile.events[i].samples == 0) continue;
    names += (names.empty() ? "" : ", ") + profile.events[i].name;
  }
  return names;
}

std::vector<std::string> warnings_about(const Profile& profile, uint32_t chosen_event) {
  std::vector<std::string> warnings = profile.warnings;
  const std::string others = other_events(profile, chosen_event);
  if (!others.empty()) {
    warnings.push_back(fmt::format("only event '{}' is shown (--event chooses among it and {})",
                                   profile.events[chosen_event].name, others));
  }
  return warnings;
}

Weight weight_named(const std::string& text, std::string& field) {
  field.clear();
  if (text == "samples") return Weight::Samples;
  if (text != "period") field = text;
  return Weight::Period;
}

void add_stack_begin_options(CLI::App& command, StackBegin& begin) {
  command
      .add_option("--base", begin.base,
                  "Let stacks begin at this function: what called it, and the command, is left out")
      ->delimiter(',');
  command.add_option("--skip-after", begin.skip_after, "The same, but the command stays below it")
      ->delimiter(',');
}

Result<void> write_to(const std::string& path, const std::function<Result<void>(Output&)>& write) {
  UniqueFd file;
  const bool to_stdout = path.empty() || path == "-";
  if (!to_stdout) {
    file.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) return fail_errno("cannot create '" + path + "'");
  }
  Output out(to_stdout ? STDOUT_FILENO : file.get());
  auto written = write(out);
  if (auto flushed = out.flush(); !flushed && written) return flushed;
  return written;
}

}  // namespace prof
