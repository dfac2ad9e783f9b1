// The columns that a line of `prof script` begins with: whose, where and when. Used by script, for
// samples and for other records.
#pragma once

#include <string>
#include <string_view>

#include "common/output.h"
#include "perfdata/features.h"
#include "perfdata/record.h"
#include "report/script_fields.h"

namespace prof {

struct StartStyle {
  ScriptFieldSet fields = 0;
  bool chains = false;                // then names are not padded
  bool nanoseconds = false;           // of times
  const ClockData* clocks = nullptr;  // for the time of day
};

struct SampleStart {
  std::string_view comm;
  SampleId id;
  uint64_t shown_time = 0;  // ns; what stands in the column of the time
  std::string_view misc;    // letters, see misc_letter(); shown if asked for
};

/// "comm pid/tid [cpu] K     2022-11-21 13:06:02.123456 time: "; `style` says which of them.
void write_sample_start(Output& out, const StartStyle& style, const SampleStart& sample);

/// A recording's time by the wall clock, in this machine's time zone: "2022-11-21 13:06:02.123456".
std::string wall_clock_text(const ClockData& clocks, uint64_t time, bool nanoseconds);

/// perf's letter for where a record was taken: K, U, H, G or g; empty if it does not say.
std::string_view misc_letter(uint16_t misc);

}  // namespace prof
