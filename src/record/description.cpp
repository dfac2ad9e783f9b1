#include "record/description.h"

#include "perfdata/decode.h"
#include "perfdata/encode.h"

namespace prof {

Synthesizer Description::synthesizer(const Synthesizer::Emit& emit) const {
  const bool data =
      (options_.call_graph == CallGraph::Dwarf && !options_.live) || options_.contents.address;
  Synthesizer made(sample_id_size(source_.events().front().attr), data, emit);
  if (options_.namespaces) made.want_namespaces();
  return made;
}

void Description::write(SidebandWatch* watch, const Synthesizer::Emit& emit) {
  RecordEncoder index(0);
  index.id_index(source_.id_index());
  if (index.size() != 0) emit(index.view());
  Synthesizer all = synthesizer(emit);
  if (!source_.user_only()) all.kernel();
  if (options_.bpf_events) all.bpf_programs();
  if (options_.contents.cgroup) all.cgroups();
  all.maps_of(target_, target_.cpus);
  if (target_.kind == TargetKind::Cpus) {
    all.processes(target_);
  } else if (options_.overwrite) {
    if (!remembered_.empty()) emit(remembered_);
    all.processes(with_descendants(recorded_processes(target_)));
  } else if (watch) {
    all.processes(watch->processes());
  } else {
    all.processes(target_);
  }
  all.finish();
}

void Description::remember() {
  std::vector<std::byte> seen;
  Synthesizer processes = synthesizer([&seen](std::span<const std::byte> records) {
    seen.insert(seen.end(), records.begin(), records.end());
  });
  processes.processes(with_descendants(recorded_processes(target_)));
  processes.finish();
  if (!seen.empty()) remembered_ = std::move(seen);
}

}  // namespace prof
