// The columns of `prof script`: which were asked for, and which each event of a recording can fill.
// Used by script.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "perfdata/attr.h"

namespace prof {

/// Bits of a set of columns; the names on the command line are perf's.
enum ScriptField : uint64_t {
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
  kFieldMisc = 1 << 27,   // a letter for each bit of the record's misc
  kFieldDsoff = 1 << 28,  // with the DSO, the offset in it
  kFieldFlags = 1 << 29,  // of branches that a trace was decoded to
  kFieldSrccode = uint64_t{1} << 32,
  kFieldRetireLat = uint64_t{1} << 33,
  kFieldBpfOutput = uint64_t{1} << 34,
  kFieldMachinePid = uint64_t{1} << 35,
  kFieldVcpu = uint64_t{1} << 36,
  kFieldInsn = uint64_t{1} << 40,     // the bytes of the instruction
  kFieldInsnlen = uint64_t{1} << 41,  // how many
  kFieldDisasm = uint64_t{1} << 42,   // what they mean
  kFieldBrstackinsn = uint64_t{1} << 43,
  kFieldBrstackinsnlen = uint64_t{1} << 44,
  // What only samples have that a trace was decoded to, which prof does not: nothing is shown.
  kFieldSynth = uint64_t{1} << 37,
  kFieldCallindent = uint64_t{1} << 38,
  kFieldIpc = uint64_t{1} << 39,
};
using ScriptFieldSet = uint64_t;
/// Those of each frame, as ScriptFrames has them.
inline constexpr ScriptFieldSet kFieldsOfFrames =
    kFieldIp | kFieldSym | kFieldSymoff | kFieldDso | kFieldDsoff | kFieldSrcline | kFieldSrccode;
/// Those that stand before the sampled address, and those behind it, as SampleText has them.
inline constexpr ScriptFieldSet kFieldsBeforeAddress =
    kFieldAddr | kFieldDataSrc | kFieldWeight | kFieldInsLat | kFieldRetireLat | kFieldFlags;
inline constexpr ScriptFieldSet kFieldsAfterAddress =
    kFieldIregs | kFieldUregs | kFieldBrstack | kFieldBrstacksym | kFieldBrstackoff |
    kFieldPhysAddr | kFieldDataPageSize | kFieldCodePageSize | kFieldCgroup | kFieldBpfOutput |
    kFieldInsn | kFieldInsnlen | kFieldDisasm | kFieldBrstackinsn | kFieldBrstackinsnlen;

/// What -F said: a list of its own, or additions to and removals from the default.
struct ScriptFieldChoice {
  bool list = false;
  ScriptFieldSet fields = 0;  // all there are; without a list those besides the default
  ScriptFieldSet added = 0, removed = 0;
};

/// By perf's type of event: PERF_TYPE_HARDWARE and so on. Types from PERF_TYPE_MAX on are PMUs of
/// the machine: one type to perf here, as are those of a decoded trace.
using ScriptFieldChoices = std::array<ScriptFieldChoice, PERF_TYPE_MAX + 1>;

/// The words of each -F, in their order: "comm,tid,ip" or "+pid,-cpu", of all events or, as
/// "trace:comm,tid", of those of one type; later ones win. None is the default.
Result<ScriptFieldChoices> parse_script_fields(std::span<const std::string> texts);

/// The columns of each event. What the default has beyond an event's sample_type is left out; what
/// was asked for by name and is not recorded is an error, as in perf. Events of one type have the
/// columns of the first one.
Result<std::vector<ScriptFieldSet>> script_fields_of(const ScriptFieldChoices& choices,
                                                     std::span<const EventAttr> events);

/// The names on the command line, in the order of columns.
std::span<const std::pair<std::string_view, ScriptField>> script_field_names();

}  // namespace prof
