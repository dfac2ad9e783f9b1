#include "report/evlist.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/text_file.h"
#include "object/elf_file.h"
#include "perfdata/attr_text.h"
#include "report/callchain.h"
#include "report/recording.h"
#include "report/stack_walker.h"
#include "report/trace_text.h"

namespace prof {

namespace {

/// perf's form outside of headers: "type: 1, size: 128".
std::string verbose_text(const perf_event_attr& attr) {
  std::string text = attr_text(attr);
  constexpr std::string_view kEquals = " = ";
  for (size_t at = text.find(kEquals); at != text.npos; at = text.find(kEquals, at)) {
    text.replace(at, kEquals.size(), ": ");
  }
  return text.starts_with(", ") ? text.substr(2) : text;
}

std::string fields_of(const TracePoints& points, size_t event) {
  const auto* point = points.of(event);
  if (!point) return " (not a tracepoint)";
  std::string list;
  for (const EventField& field : point->format.fields) {
    if (!field.is_common) list += (list.empty() ? "" : ",") + field.name;
  }
  return " trace_fields: " + list;
}

std::string event_text(const EvlistOptions& options, const EventAttr& event,
                       const TracePoints* points, size_t index) {
  std::string text = event.name;
  const perf_event_attr& attr = event.attr;
  if (options.verbose) {
    text += ": " + verbose_text(attr);
  } else if (options.trace_fields) {
    text += ":" + fields_of(*points, index);
  } else if (options.frequencies) {
    text += fmt::format(": sample_{}={}", attr.freq ? "freq" : "period",
                        attr.freq ? attr.sample_freq : attr.sample_period);
  }
  return text;
}

void print_groups(const Recording& recording, Output& out) {
  const auto events = recording.events().all();
  const auto& groups = recording.reader().features().groups;
  for (size_t i = 0; i < events.size();) {
    const auto group = std::ranges::find(groups, i, &EventGroup::leader);
    size_t members = 1;
    if (group != groups.end()) {
      members = std::clamp<size_t>(group->members, 1, events.size() - i);
    }
    std::string names;
    for (const EventAttr& event : events.subspan(i, members)) {
      names += (names.empty() ? "" : ",") + event.name;
    }
    out << (members > 1
                ? fmt::format("{}{{{}}}\n", group->name == "{anon_group}" ? "" : group->name, names)
                : names + "\n");
    i += members;
  }
}

/// The DSOs that the samples and their stacks are in.
std::set<uint32_t> dsos_hit(Recording& recording, const InputOptions& options) {
  std::set<uint32_t> hit;
  StackWalker walker(recording, options.join_stacks);
  recording.for_each_sample([&](const SampleRecord& sample) {
    const ThreadState state = recording.processes().state_at(sample.pid, sample.tid, sample.time);
    const auto take = [&](CpuMode mode, FrameAddress address) {
      const Mapping* mapping =
          mode == CpuMode::Kernel
              ? recording.processes().find_kernel(sample.time, address.lookup())
              : recording.processes().find(state.process, sample.time, address.lookup());
      if (mapping) hit.insert(mapping->dso.value);
    };
    take(sample.cpu_mode(), FrameAddress{VirtAddr{sample.ip}});
    for_each_address(walker.chain(sample, state), sample.cpu_mode(), take);
    return true;
  });
  return hit;
}

Result<std::vector<std::string>> running_kernel(Output& out) {
  const auto notes = read_text_file("/sys/kernel/notes");
  if (!notes) return tl::unexpected(notes.error());
  const BuildId id = build_id_of_notes(std::as_bytes(std::span(*notes)));
  if (id.empty()) return fail("the running kernel has no build id in /sys/kernel/notes");
  out << id.hex() << "\n";
  return std::vector<std::string>();
}

}  // namespace

Result<std::vector<std::string>> run_evlist(const EvlistOptions& options, Output& out) {
  auto recording = Recording::open(options.input);
  if (!recording) return tl::unexpected(std::move(recording.error()));
  std::unique_ptr<TracePoints> points;
  if (options.trace_fields) points = std::make_unique<TracePoints>(**recording);
  if (options.groups) {
    print_groups(**recording, out);
  } else {
    for (size_t i = 0; i < (*recording)->events().size(); ++i) {
      out << event_text(options, (*recording)->events()[i], points.get(), i) << "\n";
    }
  }
  return (*recording)->reader().warnings();
}

Result<std::vector<std::string>> run_build_ids(const BuildIdOptions& options, Output& out) {
  if (options.kernel) return running_kernel(out);
  auto recording = Recording::open(options.input);
  if (!recording) return tl::unexpected(std::move(recording.error()));
  const DsoTable& dsos = (*recording)->dsos();
  std::set<uint32_t> hit;
  if (options.with_hits) hit = dsos_hit(**recording, options.input);
  for (uint32_t i = 0; i < dsos.size(); ++i) {
    const Dso& dso = dsos[DsoId{i}];
    if (dso.build_id.empty() || (options.with_hits && !hit.contains(i))) continue;
    out << dso.build_id.hex() << " " << dso.name << "\n";
  }
  return (*recording)->reader().warnings();
}

}  // namespace prof
