// The columns of `prof script`: which were asked for, and which each event of a recording can fill.
// Used by script.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "perfdata/attr.h"

namespace prof {

/// Bits of a set of columns; the names on the command line are perf's.
enum ScriptField : uint32_t {
  kFieldComm = 1 << 0,
  kFieldTid = 1 << 1,
  kFieldPid = 1 << 2,
  kFieldTime = 1 << 3,
  kFieldCpu = 1 << 4,
  kFieldEvent = 1 << 5,
  kFieldIp = 1 << 6,
  kFieldSym = 1 << 7,
  kFieldSymoff = 1 << 8,
  kFieldDso = 1 << 9,
  kFieldPeriod = 1 << 10,
  kFieldSrcline = 1 << 11,
  kFieldTrace = 1 << 12,
  kFieldAddr = 1 << 13,
  kFieldWeight = 1 << 14,
  kFieldInsLat = 1 << 15,
  kFieldIregs = 1 << 16,
  kFieldUregs = 1 << 17,
  kFieldBrstack = 1 << 18,
  kFieldBrstacksym = 1 << 19,
  kFieldBrstackoff = 1 << 20,
  kFieldPhysAddr = 1 << 21,
  kFieldDataPageSize = 1 << 22,
  kFieldCodePageSize = 1 << 23,
  kFieldCgroup = 1 << 24,
  kFieldTod = 1 << 25,  // time of day
  kFieldDataSrc = 1 << 26,
};
using ScriptFieldSet = uint32_t;
/// Those that stand before the sampled address, and those behind it, as SampleText has them.
inline constexpr ScriptFieldSet kFieldsBeforeAddress =
    kFieldAddr | kFieldDataSrc | kFieldWeight | kFieldInsLat;
inline constexpr ScriptFieldSet kFieldsAfterAddress =
    kFieldIregs | kFieldUregs | kFieldBrstack | kFieldBrstacksym | kFieldBrstackoff |
    kFieldPhysAddr | kFieldDataPageSize | kFieldCodePageSize | kFieldCgroup;

/// What -F said: a list of its own, or additions to and removals from the default.
struct ScriptFieldChoice {
  bool list = false;
  ScriptFieldSet fields = 0;
  ScriptFieldSet added = 0, removed = 0;
};

/// "comm,tid,ip" or "+pid,-cpu"; an empty text is the default.
Result<ScriptFieldChoice> parse_script_fields(std::string_view text);

/// The columns of each event. What the default has beyond an event's sample_type is left out; what
/// was asked for by name and is not recorded is an error, as in perf. Events of one type have the
/// columns of the first one.
Result<std::vector<ScriptFieldSet>> script_fields_of(const ScriptFieldChoice& choice,
                                                     std::span<const EventAttr> events);

}  // namespace prof
