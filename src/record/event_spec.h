// EventSpec: what -e says, as the kernel wants to hear it. Made here and nowhere else; used by
// perf_source. New kinds of events (PMU terms, breakpoints) get their branch in this file; what
// takes more than a table has a file of its own (tracefs, probe_spec).
#pragma once

#include <linux/perf_event.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "record/event_terms.h"

namespace prof {

struct EventSpec {
  std::string name;  // as given, with its modifiers: "cycles:u"
  /// type, config, config1, config2, precise_ip, the exclude bits, pinned, exclusive and
  /// aux_output; all else is the recorder's business.
  perf_event_attr attr{};
  uint64_t config3 = 0;  // newer than the struct that files have
  EventTerms terms;      // what it says for itself of how it is sampled

  bool is_default = false;      // not asked for by name: may become another event
  bool is_named = false;        // the name was given to it, and says nothing of what it is
  bool has_modifiers = false;   // in its name
  bool machine_given = false;   // by G or H
  bool precise_is_max = false;  // precise_ip is a wish: as high as opens
  /// Sampled at every occurrence unless a period or frequency is given (tracepoints, probes).
  bool counts_each = false;

  std::string pmu;           // that it is of, if it was named by one
  std::vector<int> cpus;     // that the PMU counts on; empty: all
  bool is_uncore = false;    // it counts on CPUs, not for threads
  bool reads_group = false;  // samples have the counts of the group; only its first event samples
  bool is_weak = false;      // of a group that is broken up where it does not open
  unsigned group = 0;        // events of equal numbers are one, the first leads; 0: none
  std::string tracepoint;    // "sched:sched_switch", if it is one
  std::string symbol;        // of a breakpoint: what attr.bp_addr is to be counted from, if any
  std::string filter;        // of its fields
  std::string cgroup;        // whose threads it is of; empty: as the recording
  std::shared_ptr<const UniqueFd> cgroup_fd;  // open, with a cgroup
  bool is_of_glob = false;                    // one of many: left out where it does not open

  /// Where in the code a probe is. It is one event, opened at each of its places.
  struct Site {
    uint64_t config = 0, config2 = 0;  // of the attribute
  };
  std::vector<Site> sites;     // of a probe; the first is that of `attr`
  std::string probe;           // what attr.config1 points to meanwhile: a file, or a function
  bool probes_kernel = false;  // of the kernel
  bool probes_entry = false;   // it is where a function begins

  /// A number among a tracepoint's fields that is summed instead of its hits.
  struct Weight {
    uint16_t offset = 0;
    uint8_t size = 0;  // 0: none
    bool is_signed = false;
  };
  Weight weight;

  bool is_probe() const { return !sites.empty(); }
  /// Whether BPF programs run at every hit on the machine, whomever the event was opened for.
  bool is_hit() const { return !tracepoint.empty() || is_probe(); }
  size_t places() const { return sites.empty() ? 1 : sites.size(); }
  /// `attr` as the kernel wants it, at one of its places; valid as long as this is not changed.
  perf_event_attr opening(perf_event_attr complete, size_t place = 0) const {
    if (!probe.empty()) complete.config1 = reinterpret_cast<uint64_t>(probe.c_str());
    if (place < sites.size()) {
      complete.config = sites[place].config;
      complete.config2 = sites[place].config2;
    }
    return complete;
  }
};

/// Where names are looked up; empty: where the kernel has them.
struct EventPlaces {
  std::string tracefs;
  std::string devices = "/sys/bus/event_source/devices";
  std::string kallsyms = "/proc/kallsyms";
};

/// Parses one -e argument: events separated by commas, of which some may be in {braces}, each with
/// modifiers after a colon or after its terms' second slash (event_modifiers.h):
///   cycles:u, LLC-load-misses, r1a8            names and raw numbers (event_names.h)
///   mem-loads                                  names that sysfs has for events of PMUs (pmu.h)
///   cpu/event=0x3c,period=1000/, cpu-clock/freq=99/   terms (event_terms.h)
///   sched:sched_switch, ext4:*                 tracepoints
///   uprobe:/path:function, usdt:…, kprobe:…    probes (probe_spec.h), which take no modifiers
///   mem:0x601040/8:w, mem:symbol               breakpoints (breakpoint_spec.h)
///   {cpu-clock,page-faults}:S                  groups: on the PMU together
/// Groups are numbered from 1 on.
Result<std::vector<EventSpec>> parse_events(std::string_view text, const EventPlaces& places = {});

/// What is recorded without -e: cycles, as precise as possible.
EventSpec default_event();

/// Turns `spec` into the clock event that stands in for cycles where there is no PMU.
void become_cpu_clock(EventSpec& spec);

/// Keeps `spec` out of the kernel, and says so in its name.
void exclude_kernel(EventSpec& spec);

/// Whether samples are what BPF programs put into the event.
bool is_bpf_output(const perf_event_attr& attr);

/// Has a software event sampled at every occurrence; clocks have none.
void count_each_occurrence(EventSpec& spec);

}  // namespace prof
