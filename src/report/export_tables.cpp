#include <fmt/format.h>

#include <string>

#include "common/json_text.h"
#include "report/cell_text.h"
#include "report/export_formats.h"
#include "report/function_totals.h"

namespace prof {

namespace {

/// Folded text does not say what its roots are: they are functions there.
bool has_process_roots(const Profile& profile) {
  return !profile.nodes.empty() &&
         profile.frame(profile.nodes.front().frame).kind == FrameKind::Process;
}

FunctionTotals totals_of(const Profile& profile, const ExportOptions& options) {
  return function_totals(profile, options.event, options.weight, !has_process_roots(profile));
}

struct Row {
  std::string_view name, dso;
  std::string_view kind;
};

Row row_of(const Profile& profile, const FunctionTotal& total) {
  const Frame& frame = profile.frame(total.function);
  Row row;
  row.name = profile.strings[frame.name];
  if (frame.dso.valid()) row.dso = profile.strings[frame.dso];
  switch (frame.kind) {
    case FrameKind::Kernel:
      row.kind = "kernel";
      break;
    case FrameKind::User:
      row.kind = "user";
      break;
    case FrameKind::Jit:
      row.kind = "jit";
      break;
    case FrameKind::Inlined:
      row.kind = "inlined";
      break;
    case FrameKind::Unknown:
      row.kind = "unknown";
      break;
    default:
      break;
  }
  return row;
}

}  // namespace

Result<void> export_csv(const Profile& profile, const ExportOptions& options, Output& out) {
  out << "function,dso,kind,self,total\n";
  std::string line;
  for (const FunctionTotal& total : totals_of(profile, options).functions) {
    const Row row = row_of(profile, total);
    line.clear();
    append_cell(line, row.name, ",");
    line += ',';
    append_cell(line, row.dso, ",");
    line += fmt::format(",{},{},{}\n", row.kind, weight_text(profile, options, total.self),
                        weight_text(profile, options, total.total));
    out << line;
  }
  return {};
}

Result<void> export_json(const Profile& profile, const ExportOptions& options, Output& out) {
  std::string line = "{\"name\":";
  append_json_string(line, options.name);
  line += ",\"event\":";
  append_json_string(line, profile.events[options.event].name);
  line += ",\"unit\":";
  append_json_string(line, unit_of(profile, options));
  const uint64_t all = options.weight == Weight::Period ? profile.events[options.event].period
                                                        : profile.events[options.event].samples;
  line += fmt::format(",\"total\":{},\"functions\":[", weight_text(profile, options, all));
  bool first = true;
  for (const FunctionTotal& total : totals_of(profile, options).functions) {
    const Row row = row_of(profile, total);
    line += first ? "\n{\"name\":" : ",\n{\"name\":";
    first = false;
    append_json_string(line, row.name);
    line += ",\"dso\":";
    append_json_string(line, row.dso);
    line += fmt::format(",\"kind\":\"{}\",\"self\":{},\"total\":{}}}", row.kind,
                        weight_text(profile, options, total.self),
                        weight_text(profile, options, total.total));
    out << line;
    line.clear();
  }
  out << line << "\n]}\n";
  return {};
}

}  // namespace prof
