#include "record/probe_events.h"

#include <fmt/core.h>

#include "common/parse_number.h"
#include "common/text_file.h"
#include "record/kernel_symbol.h"
#include "record/probe_spec.h"

namespace prof {

namespace {

/// What attr.config says of one place.
Result<uint64_t> config_of(const ProbeSpec& probe, const ProbedFile::Site& site,
                           const ProbePmu& pmu) {
  PmuConfig config{};
  if (site.semaphore != 0) {
    if (pmu.semaphore.ranges.empty() || site.semaphore > pmu.semaphore.max()) {
      return fail(fmt::format("'{}' is off until its semaphore is raised, which this kernel cannot",
                              probe.name),
                  "it needs Linux 4.20 or newer");
    }
    put_field(pmu.semaphore, site.semaphore, config);
  }
  return config[0] | (probe.at_return ? pmu.return_bit : 0);
}

Result<EventSpec> event_of(ProbeSpec probe, const ProbePmu& pmu) {
  EventSpec spec;
  spec.attr.type = pmu.type;
  for (const ProbedFile::Site& site : probe.sites) {
    const auto config = config_of(probe, site, pmu);
    if (!config) return tl::unexpected(config.error());
    spec.sites.push_back({*config, site.offset});
  }
  spec.attr.config = spec.sites.front().config;
  spec.attr.config2 = spec.sites.front().config2;
  spec.name = std::move(probe.name);
  spec.probe = std::move(probe.path);
  spec.probes_kernel = probe.in_kernel;
  spec.probes_entry = probe.at_entry;
  spec.is_of_glob = probe.is_of_glob;
  spec.counts_each = true;
  return spec;
}

}  // namespace

/// The bits by the files of `format` (kernel/events/core.c: PMU_FORMAT_ATTR of perf_kprobe and
/// perf_uprobe).
Result<ProbePmu> ProbePmu::find(const std::string& name, const std::string& devices) {
  const std::string folder = devices + "/" + name;
  const auto type = parse_number(read_first_line(folder + "/type"));
  const auto retprobe = parse_pmu_field("retprobe", read_first_line(folder + "/format/retprobe"));
  if (!type || *type > UINT32_MAX || !retprobe || retprobe->config != 0) {
    return fail(fmt::format("this kernel has no {}s: '{}' is not there", name, folder),
                name == "kprobe" ? "it needs Linux 4.17 or newer with CONFIG_KPROBES; tracepoints "
                                   "are in every kernel: prof list tracepoint"
                                 : "it needs Linux 4.17 or newer with CONFIG_UPROBE_EVENTS");
  }
  ProbePmu pmu;
  pmu.type = static_cast<uint32_t>(*type);
  PmuConfig config{};
  put_field(*retprobe, 1, config);
  pmu.return_bit = config[0];
  auto semaphore =
      parse_pmu_field("ref_ctr_offset", read_first_line(folder + "/format/ref_ctr_offset"));
  if (semaphore && semaphore->config == 0) pmu.semaphore = std::move(*semaphore);
  return pmu;
}

Result<std::vector<EventSpec>> probe_events(std::string_view text, const EventPlaces& places) {
  auto probes = parse_probe(text);
  if (!probes) return tl::unexpected(probes.error());
  const bool kernel = probes->front().in_kernel;
  const auto pmu = ProbePmu::find(kernel ? "kprobe" : "uprobe", places.devices);
  if (!pmu) return tl::unexpected(pmu.error());
  std::vector<EventSpec> events;
  for (ProbeSpec& probe : *probes) {
    if (kernel && !probe.path.empty()) {
      auto known = check_kernel_function(probe.path, places.kallsyms);
      if (!known) return tl::unexpected(known.error());
    }
    auto event = event_of(std::move(probe), *pmu);
    if (!event) return tl::unexpected(event.error());
    events.push_back(std::move(*event));
  }
  return events;
}

}  // namespace prof
