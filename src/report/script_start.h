// The columns that a line of `prof script` begins with: whose, where and when. Used by script, for
// samples and for other records.
#pragma once

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

/// "comm pid/tid [cpu] 2022-11-21 13:06:02.123456 time: "; `style` says which of them.
void write_sample_start(Output& out, const StartStyle& style, std::string_view comm,
                        const SampleId& id);

}  // namespace prof
