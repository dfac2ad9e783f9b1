#include "report/pipeline.h"

#include <algorithm>
#include <memory>

#include "report/gathering.h"
#include "report/tree_builder.h"

namespace prof {

Result<Profile> build_profile(Recording& recording, const LoadOptions& options,
                              StackQuality* quality) {
  auto filter = SampleFilter::make(options.input.filter, recording);
  if (!filter) return tl::unexpected(filter.error());
  StackWalker walker(recording, options.input.join_stacks);
  std::unique_ptr<Gathering> gathering;
  const auto gather = [&](bool in_order) -> Result<void> {
    auto columns =
        TraceColumns::make(recording, options.fields, options.raw_fields, options.time_column);
    if (!columns) return tl::unexpected(std::move(columns.error()));
    // What was summed while recording is what is asked for.
    const bool counted =
        std::ranges::any_of(recording.events().all(), [&options](const EventAttr& event) {
          return !options.weight_field.empty() && event.weight_field() == options.weight_field;
        });
    auto weight = WeightField::make(recording, counted ? std::string() : options.weight_field);
    if (!weight) return tl::unexpected(std::move(weight.error()));
    gathering = std::make_unique<Gathering>(recording, options, *filter, walker,
                                            std::move(*columns), std::move(*weight));
    gathering->run(in_order);
    return {};
  };
  if (auto done = gather(false); !done) return tl::unexpected(std::move(done.error()));
  if (walker.should_join()) {
    walker.start_joining();
    if (auto done = gather(true); !done) return tl::unexpected(std::move(done.error()));
  }
  Profile& profile = gathering->profile();
  if (quality) {
    uint64_t copy_size = 0;
    bool proven = false;
    size_t limit = 127;  // the kernel's, if it was not asked for another
    for (const EventAttr& event : recording.events().all()) {
      copy_size = std::max<uint64_t>(copy_size, event.attr.sample_stack_user);
      proven = proven || event.is_unwound();
      if (event.attr.sample_max_stack != 0) limit = event.attr.sample_max_stack;
    }
    quality->set_recorded(limit, copy_size, proven);
  }
  TreeBuilder tree(recording, gathering->stacks(), gathering->woken(), gathering->contexts(),
                   walker.shows_inlined(options.input.inlined), options, profile, quality);
  tree.build();
  if (options.with_timeline) {
    const auto& sequence = gathering->stacks().sequence();
    profile.timeline =
        gathering->timeline().finish([&](size_t i) { return tree.node_of(sequence[i]); });
  }
  for (uint32_t i = 0; i < recording.dsos().size(); ++i) {
    const Dso& dso = recording.dsos()[DsoId{i}];
    if (dso.build_id.empty()) continue;
    profile.binaries.push_back({profile.strings.intern(dso.name), dso.build_id.hex()});
  }
  const RecordingStats& stats = recording.stats();
  profile.lost_records = stats.lost_events + stats.lost_samples;
  profile.lost_samples = stats.lost_samples;
  profile.throttled = stats.throttled;
  profile.without_idle = options.without_idle;
  profile.has_callchains =
      std::ranges::any_of(recording.events().all(),
                          [](const EventAttr& event) { return event.has(PERF_SAMPLE_CALLCHAIN); });
  profile.skipped_records = stats.unknown + stats.unreadable;
  profile.warnings = recording.warnings();
  for (std::string& warning : gathering->warnings()) profile.warnings.push_back(std::move(warning));
  const bool by_thread = options.group.tid || !options.input.filter.tids.empty();
  if (by_thread && std::ranges::any_of(profile.events, [](const ProfileEvent& event) {
        return event.counted_stacks != 0;
      })) {
    profile.warnings.push_back(
        "stacks were counted for all threads of a process that have one name: they stand for the "
        "one that had them first");
  }
  return std::move(profile);
}

}  // namespace prof
