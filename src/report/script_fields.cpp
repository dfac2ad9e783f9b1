#include "report/script_fields.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace prof {

namespace {

constexpr std::array<std::pair<std::string_view, ScriptField>, 43> kNames = {{
    {"comm", kFieldComm},
    {"tid", kFieldTid},
    {"pid", kFieldPid},
    {"time", kFieldTime},
    {"cpu", kFieldCpu},
    {"event", kFieldEvent},
    {"ip", kFieldIp},
    {"sym", kFieldSym},
    {"symoff", kFieldSymoff},
    {"dso", kFieldDso},
    {"period", kFieldPeriod},
    {"srcline", kFieldSrcline},
    {"trace", kFieldTrace},
    {"addr", kFieldAddr},
    {"data_src", kFieldDataSrc},
    {"weight", kFieldWeight},
    {"ins_lat", kFieldInsLat},
    {"iregs", kFieldIregs},
    {"uregs", kFieldUregs},
    {"brstack", kFieldBrstack},
    {"brstacksym", kFieldBrstacksym},
    {"brstackoff", kFieldBrstackoff},
    {"phys_addr", kFieldPhysAddr},
    {"data_page_size", kFieldDataPageSize},
    {"code_page_size", kFieldCodePageSize},
    {"cgroup", kFieldCgroup},
    {"tod", kFieldTod},
    {"misc", kFieldMisc},
    {"dsoff", kFieldDsoff},
    {"flags", kFieldFlags},
    {"srccode", kFieldSrccode},
    {"retire_lat", kFieldRetireLat},
    {"bpf-output", kFieldBpfOutput},
    {"machine_pid", kFieldMachinePid},
    {"vcpu", kFieldVcpu},
    {"insn", kFieldInsn},
    {"insnlen", kFieldInsnlen},
    {"disasm", kFieldDisasm},
    {"brstackinsn", kFieldBrstackinsn},
    {"brstackinsnlen", kFieldBrstackinsnlen},
    {"synth", kFieldSynth},
    {"callindent", kFieldCallindent},
    {"ipc", kFieldIpc},
}};

/// perf's words for types of events, before the colon of -F.
constexpr std::array<std::pair<std::string_view, uint32_t>, 7> kTypes = {{
    {"hw", PERF_TYPE_HARDWARE},
    {"sw", PERF_TYPE_SOFTWARE},
    {"trace", PERF_TYPE_TRACEPOINT},
    {"cache", PERF_TYPE_HW_CACHE},
    {"raw", PERF_TYPE_RAW},
    {"break", PERF_TYPE_BREAKPOINT},
    {"synth", PERF_TYPE_MAX},
}};

constexpr ScriptFieldSet kDefault = kFieldComm | kFieldTid | kFieldCpu | kFieldTime | kFieldEvent |
                                    kFieldPeriod | kFieldIp | kFieldSym | kFieldSymoff | kFieldDso;
constexpr ScriptFieldSet kAddressFields =
    kFieldIp | kFieldSym | kFieldSymoff | kFieldDso | kFieldSrcline;

/// Columns that need a bit of sample_type. PERIOD is no such: without it every sample has one.
struct Requirement {
  ScriptFieldSet fields;
  uint64_t sample_bit;
  std::string_view sample_name;
};
constexpr std::array<Requirement, 15> kRequirements = {{
    {kFieldIp, PERF_SAMPLE_IP, "IP"},
    {kFieldPid | kFieldTid, PERF_SAMPLE_TID, "TID"},
    {kFieldTime, PERF_SAMPLE_TIME, "TIME"},
    {kFieldCpu, PERF_SAMPLE_CPU, "CPU"},
    {kFieldTrace, PERF_SAMPLE_RAW, "RAW"},
    {kFieldAddr, PERF_SAMPLE_ADDR, "ADDR"},
    {kFieldDataSrc, PERF_SAMPLE_DATA_SRC, "DATA_SRC"},
    {kFieldWeight, PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT, "WEIGHT"},
    {kFieldInsLat | kFieldRetireLat, PERF_SAMPLE_WEIGHT_STRUCT, "WEIGHT_STRUCT"},
    {kFieldIregs, PERF_SAMPLE_REGS_INTR, "IREGS"},
    {kFieldUregs, PERF_SAMPLE_REGS_USER, "UREGS"},
    {kFieldPhysAddr, PERF_SAMPLE_PHYS_ADDR, "PHYS_ADDR"},
    {kFieldDataPageSize, PERF_SAMPLE_DATA_PAGE_SIZE, "DATA_PAGE_SIZE"},
    {kFieldCodePageSize, PERF_SAMPLE_CODE_PAGE_SIZE, "CODE_PAGE_SIZE"},
    {kFieldCgroup, PERF_SAMPLE_CGROUP, "CGROUP"},
}};

std::string all_names() {
  std::string out;
  for (const auto& [name, field] : kNames) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

std::string_view name_of(ScriptFieldSet fields) {
  const auto found =
      std::ranges::find_if(kNames, [&](const auto& entry) { return (fields & entry.second) != 0; });
  return found == kNames.end() ? "?" : found->first;
}

/// perf's default for an event: tracepoints have the text of their fields instead of a period, and
/// addresses only with a call chain.
ScriptFieldSet default_of(const EventAttr& event, bool tracepoint_chains) {
  // Events of the processor's own tell all they know of an access.
  constexpr ScriptFieldSet kAccess = kFieldAddr | kFieldDataSrc | kFieldWeight | kFieldInsLat |
                                     kFieldPhysAddr | kFieldDataPageSize | kFieldCodePageSize;
  if (event.attr.type == PERF_TYPE_RAW) return kDefault | kAccess;
  if (event.attr.type == PERF_TYPE_SOFTWARE && event.attr.config == PERF_COUNT_SW_BPF_OUTPUT) {
    return kDefault | kFieldBpfOutput;
  }
  if (event.attr.type != PERF_TYPE_TRACEPOINT) return kDefault;
  return (kDefault & ~(kFieldPeriod | (tracepoint_chains ? 0u : kAddressFields))) | kFieldTrace;
}

Result<ScriptFieldSet> fields_of(const ScriptFieldChoice& choice, const EventAttr& event,
                                 bool tracepoint_chains) {
  ScriptFieldSet fields = choice.fields;
  if (!choice.list) {
    // As in perf, a change of the default leaves out the call chains of tracepoints.
    const bool changed = (choice.added | choice.removed) != 0;
    fields = (default_of(event, tracepoint_chains && !changed) | choice.fields | choice.added) &
             ~choice.removed;
  }
  if (event.attr.type != PERF_TYPE_TRACEPOINT) fields &= ~kFieldTrace;
  const ScriptFieldSet by_name = choice.list ? choice.fields : choice.added;
  for (const Requirement& need : kRequirements) {
    if (event.has(need.sample_bit)) continue;
    if (fields & by_name & need.fields) {
      return fail(fmt::format("samples of event '{}' have no {}, so '{}' cannot be shown",
                              event.name, need.sample_name, name_of(fields & need.fields)),
                  "choose other fields with -F", 2);
    }
    fields &= ~need.fields;
  }
  return fields;
}

/// "comm,tid" or "+comm,-tid" on top of what was said before.
Result<ScriptFieldChoice> parse_list(std::string_view text, ScriptFieldChoice before) {
  const bool edits = text.starts_with('+') || text.starts_with('-');
  ScriptFieldChoice choice = edits ? before : ScriptFieldChoice{};
  choice.list = edits ? before.list : true;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
    const bool removes = word.starts_with('-');
    if (edits != (removes || word.starts_with('+'))) {
      return fail("-F takes a list of fields, or fields that all begin with + or -", {}, 2);
    }
    if (edits) word.remove_prefix(1);
    const auto found =
        std::ranges::find_if(kNames, [&](const auto& entry) { return entry.first == word; });
    if (found == kNames.end() && word == "metric") {
      return fail(
          "field 'metric' is not shown: what it computes of groups of counters is of perf stat",
          "leave it out", 2);
    }
    if (found == kNames.end()) {
      return fail(fmt::format("no field '{}' to show", word), "fields are " + all_names(), 2);
    }
    const ScriptFieldSet field = found->second;
    if (choice.list) {
      choice.fields = removes ? choice.fields & ~field : choice.fields | field;
    } else {
      (removes ? choice.removed : choice.added) |= field;
      (removes ? choice.added : choice.removed) &= ~field;
    }
  }
  if (choice.list && (choice.fields & kFieldSymoff) && !(choice.fields & kFieldSym)) {
    return fail("field 'symoff' says where in a symbol: it needs 'sym'", {}, 2);
  }
  if (choice.list && (choice.fields & kFieldDsoff) && !(choice.fields & kFieldDso)) {
    return fail("field 'dsoff' says where in a DSO: it needs 'dso'", {}, 2);
  }
  return choice;
}

/// Branches that were asked for must have been recorded; to know the code between them, all.
Result<void> check_branches(const ScriptFieldChoices& choices, std::span<const EventAttr> events) {
  constexpr ScriptFieldSet kBetween = kFieldBrstackinsn | kFieldBrstackinsnlen;
  constexpr ScriptFieldSet kBranches =
      kFieldBrstack | kFieldBrstacksym | kFieldBrstackoff | kBetween;
  ScriptFieldSet asked = 0;
  for (const ScriptFieldChoice& choice : choices) asked |= choice.fields | choice.added;
  const auto has_branches = [](const EventAttr& e) { return e.has(PERF_SAMPLE_BRANCH_STACK); };
  if ((asked & kBranches) && std::ranges::none_of(events, has_branches)) {
    return fail("samples have no branches to show", "they are recorded by prof record -b", 2);
  }
  const auto has_all = [&](const EventAttr& e) {
    return has_branches(e) && (e.attr.branch_sample_type & PERF_SAMPLE_BRANCH_ANY) != 0;
  };
  if ((asked & kBetween) && std::ranges::none_of(events, has_all)) {
    return fail(fmt::format("not all branches were recorded, so '{}' cannot be shown",
                            name_of(asked & kBetween)),
                "record with prof record -b", 2);
  }
  return {};
}

}  // namespace

std::span<const std::pair<std::string_view, ScriptField>> script_field_names() {
  return kNames;
}

Result<ScriptFieldChoices> parse_script_fields(std::span<const std::string> texts) {
  ScriptFieldChoices choices;
  for (std::string_view text : texts) {
    uint32_t first = 0, last = PERF_TYPE_MAX;
    if (const size_t colon = text.find(':'); colon != text.npos) {
      const auto type = std::ranges::find(kTypes, text.substr(0, colon),
                                          [](const auto& entry) { return entry.first; });
      if (type == kTypes.end()) {
        return fail(fmt::format("no type of events '{}'", text.substr(0, colon)),
                    "types are hw, sw, trace, cache, raw, break, synth", 2);
      }
      first = last = type->second;
      text.remove_prefix(colon + 1);
    } else if (text.empty()) {
      return fail("-F needs the names of fields", "fields are " + all_names(), 2);
    }
    for (uint32_t type = first; type <= last; ++type) {
      auto choice = parse_list(text, choices[type]);
      if (!choice) return tl::unexpected(std::move(choice.error()));
      choices[type] = *choice;
    }
  }
  return choices;
}

Result<std::vector<ScriptFieldSet>> script_fields_of(const ScriptFieldChoices& choices,
                                                     std::span<const EventAttr> events) {
  const bool tracepoint_chains = std::ranges::any_of(events, [](const EventAttr& event) {
    return event.attr.type == PERF_TYPE_TRACEPOINT && event.has(PERF_SAMPLE_CALLCHAIN);
  });
  if (auto done = check_branches(choices, events); !done) return tl::unexpected(done.error());
  std::array<std::optional<ScriptFieldSet>, PERF_TYPE_MAX + 1> of_type{};
  std::vector<ScriptFieldSet> out;
  for (const EventAttr& event : events) {
    const uint32_t type = std::min<uint32_t>(event.attr.type, PERF_TYPE_MAX);
    auto& fields = of_type[type];
    if (!fields) {
      auto found = fields_of(choices[type], event, tracepoint_chains);
      if (!found) return tl::unexpected(std::move(found.error()));
      fields = *found;
    }
    out.push_back(*fields);
  }
  return out;
}

}  // namespace prof
