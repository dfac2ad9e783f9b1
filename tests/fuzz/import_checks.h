// What the fuzz targets of the imports check: a profile that was made of anything at all adds up,
// and can be written.
#pragma once

#include <fcntl.h>

#include <cstdlib>

#include "common/output.h"
#include "common/unique_fd.h"
#include "report/call_tree.h"
#include "report/export_formats.h"
#include "report/folded.h"
#include "report/load.h"

namespace prof::fuzz {

inline void expect(bool condition) {
  if (!condition) std::abort();
}

inline void check_profile(const Profile& profile) {
  static const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  Output out(null.get());
  for (uint32_t event = 0; event < profile.events.size(); ++event) {
    const ProfileEvent& facts = profile.events[event];
    for (const Weight weight : {Weight::Samples, Weight::Period}) {
      const CallTreeOptions options{.event = event, .weight = weight};
      const uint64_t total = weight == Weight::Samples ? facts.samples : facts.period;
      expect(CallTree::build(profile, options).root().total == total);
      if (!profile.timeline.samples.empty()) {
        expect(CallTree::build_chart(profile, options).root().total == total);
      }
      write_folded(profile, {.event = event, .weight = weight, .marks = true}, out);
      const ExportOptions exported{.event = event, .weight = weight, .name = "input"};
      expect(export_firefox(profile, exported, out).has_value());
      expect(export_speedscope(profile, exported, out).has_value());
    }
  }
}

/// Runs `import` on an input with and without choices.
template <class Import>
void check_import(Import&& import) {
  LoadOptions chosen;
  chosen.group = {true, true, true, true};
  chosen.max_stack = 3;
  chosen.with_timeline = true;
  chosen.with_lines = true;
  LoadOptions timed;
  timed.with_timeline = true;
  timed.always_root = true;
  timed.group.comm = false;
  timed.input.filter.time = "10%-90%";
  for (const LoadOptions& options : {LoadOptions{}, chosen, timed}) {
    const auto profile = import(options);
    if (profile) {
      check_profile(*profile);
    } else {
      expect(!profile.error().message.empty());
    }
  }
}

}  // namespace prof::fuzz
