// Pmu: a source of events as sysfs describes it: its number, which bits of an attribute its terms
// are, the events that it has names for, and the CPUs that it counts on. Read by event_spec.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace prof {

/// attr.config, config1, config2 and config3.
using PmuConfig = std::array<uint64_t, 4>;

/// A term that a PMU's `format` folder names, as "config1:0-7,32-35".
struct PmuField {
  std::string name;
  unsigned config = 0;                                // which of PmuConfig
  std::vector<std::pair<unsigned, unsigned>> ranges;  // first and last bit, a value's lowest first

  /// The largest value that fits.
  uint64_t max() const;
};

/// The words of a `format` file; an error says what is wrong with them.
Result<PmuField> parse_pmu_field(std::string name, std::string_view text);

struct Pmu {
  std::string name;
  uint32_t type = 0;
  std::vector<int> cpus;  // that it counts on; empty: all
  /// Has a `cpumask`: it counts for packages or the like, not for threads.
  bool is_uncore = false;
  std::vector<PmuField> fields;
  std::vector<std::pair<std::string, std::string>> events;  // name and terms

  const PmuField* field(std::string_view name) const;
  /// The terms that one of its events stands for; nullptr if it has none of that name.
  const std::string* event(std::string_view name) const;
  /// What may be written between its slashes.
  std::vector<std::string> terms() const;
};

/// The PMU of that name in `devices`, or those that differ by a number and "uncore_" only, as perf
/// has it: "imc" is uncore_imc_0 and uncore_imc_1. The error has the nearest names.
Result<std::vector<Pmu>> find_pmus(const std::string& devices, std::string_view name);

/// Those that have an event of that name.
std::vector<Pmu> pmus_with_event(const std::string& devices, std::string_view event);

/// Puts `value` where `field` says.
void put_field(const PmuField& field, uint64_t value, PmuConfig& config);

}  // namespace prof
