#include "report/report_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "report/call_graph.h"
#include "report/own_columns.h"
#include "report/table.h"

namespace prof {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json header_of(const Features& features) {
  Json header = Json::object();
  const auto add = [&](const char* name, const auto& value) {
    if (value) header[name] = *value;
  };
  add("hostname", features.hostname);
  add("os_release", features.os_release);
  add("version", features.version);
  add("arch", features.arch);
  add("cpu_desc", features.cpu_desc);
  add("cpu_id", features.cpu_id);
  add("total_mem_kb", features.total_mem_kb);
  if (features.nr_cpus) {
    header["cpus_available"] = features.nr_cpus->first;
    header["cpus_online"] = features.nr_cpus->second;
  }
  if (!features.cmdline.empty()) header["cmdline"] = features.cmdline;
  if (features.sample_time) {
    header["first_sample_ns"] = features.sample_time->first;
    header["last_sample_ns"] = features.sample_time->second;
  }
  return header;
}

class JsonTable {
 public:
  JsonTable(const JsonReport& report, const TableEvents& events, const ReportOptions& options,
            const Columns& columns)
      : report_(report),
        profile_(report.profile),
        events_(events),
        options_(options),
        rows_(profile_, events.events, options, columns,
              shape_of(options, profile_.has_callchains)),
        graphs_(rows_.leader()) {}

  void print(Output& out) {
    Json events = Json::array();
    for (size_t i = 0; i < events_.events.size(); ++i) {
      const ProfileEvent& event = profile_.events[events_.events[i]];
      events.push_back({{"name", event.name},
                        {"unit", event.unit},
                        {"samples", rows_.total_samples(i)},
                        {"period", rows_.total_period(i)}});
    }
    out << "{\"events\":" << text_of(events) << ",\n\"rows\":[";
    bool first = true;
    for (const uint32_t row : rows_.ordered()) {
      out << (first ? "\n" : ",\n") << text_of(row_of(row));
      first = false;
      if (out.broken()) return;
    }
    out << "]}";
  }

 private:
  Json row_of(uint32_t row) {
    Json json = Json::object();
    for (size_t event = 0; event < rows_.events(); ++event) {
      Json numbers = numbers_of(row, event);
      if (rows_.events() == 1) {
        json.update(numbers);
      } else {
        json["events"].push_back(std::move(numbers));
      }
    }
    for (const SortKey key : rows_.columns().shown) {
      if (!is_number(key)) add_cell(rows_.key(row), key, rows_.samples(row), json);
    }
    if (report_.with_graphs) json["callchain"] = graph_of(row);
    return json;
  }

  Json weights(const Weights& of, size_t event) const {
    return {{"percent", rows_.percent(of.period, event)},
            {"period", of.period},
            {"samples", of.samples}};
  }

  Json numbers_of(uint32_t row, size_t event) const {
    Json json = {{"self", weights(rows_.self(row, event), event)}};
    if (rows_.shape().children) json["children"] = weights(rows_.children(row, event), event);
    if (options_.intervals) {
      json["self"]["ci"] = rows_.interval(row, SortKey::Overhead, event);
      if (rows_.shape().children) {
        json["children"]["ci"] = rows_.interval(row, SortKey::Children, event);
      }
    }
    const auto add = [&](SortKey key, const char* name) {
      if (rows_.columns().shows(key)) json[name] = rows_.number(row, key, event);
    };
    add(SortKey::KernelOverhead, "kernel_period");
    add(SortKey::UserOverhead, "user_period");
    add(SortKey::GuestKernelOverhead, "guest_kernel_period");
    add(SortKey::GuestUserOverhead, "guest_user_period");
    return json;
  }

  void add_cell(const RowKey& row, SortKey key, uint64_t samples, Json& json) const {
    const RowCells& cells = rows_.cells();
    switch (key) {
      case SortKey::Comm:
        json["comm"] = cells.comm(row);
        return;
      case SortKey::Pid:
        json["pid"] = row.pid;
        return;
      case SortKey::Tid:
        json["tid"] = row.tid;
        return;
      case SortKey::Cpu:
        json["cpu"] = row.cpu < 0 ? Json() : Json(row.cpu);
        return;
      case SortKey::Dso:
        add_dso(row, json);
        return;
      case SortKey::Srcline:
        json["srcline"] = cells.line(row);
        return;
      case SortKey::Srcfile:
        json["srcfile"] = cells.file(row);
        return;
      case SortKey::Parent:
        json["parent"] = row.parent.valid() ? Json(cells.parent(row)) : Json();
        return;
      case SortKey::Symbol:
        add_symbol(row, json);
        return;
      case SortKey::DsoSize:
      case SortKey::SymbolSize: {
        const uint64_t size = cells.size(row, key);
        json[key == SortKey::DsoSize ? "dso_size" : "symbol_size"] =
            size == 0 ? Json() : Json(size);
        return;
      }
      default:
        add_field(row, key, samples, json);
    }
  }

  void add_dso(const RowKey& row, Json& json) const {
    const Frame& frame = profile_.frame(row.frame);
    json["dso"] = frame.dso_short.valid() ? Json(profile_.strings[frame.dso_short]) : Json();
    json["dso_path"] = frame.dso.valid() ? Json(profile_.strings[frame.dso]) : Json();
  }

  /// Addresses are text: numbers of JSON readers have 53 bits.
  void add_symbol(const RowKey& row, Json& json) const {
    const Frame& frame = profile_.frame(row.frame);
    const bool resolved = rows_.cells().resolved(row);
    json["sym"] = resolved ? Json(rows_.cells().symbol(row)) : Json();
    if (!resolved) json["address"] = fmt::format("{:#x}", frame.address);
    if (frame.kind == FrameKind::Inlined) json["inlined"] = true;
    json["level"] = std::string(1, frame.level);
  }

  void add_field(const RowKey& row, SortKey key, uint64_t samples, Json& json) const {
    const std::string& name = options_.fields[*field_of(key)];
    const std::string text = rows_.cells().text(row, key, samples, 0);
    const auto own = own_column(name);
    long long number = 0;
    const size_t at = std::min(text.find_first_not_of(' '), text.size());
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (own && is_number(*own) && error == std::errc{}) {
      json[name] = number;
    } else {
      json[name] = own ? text.substr(at) : text;
    }
  }

  Json graph_of(uint32_t row) {
    const uint32_t index = rows_.leader_row(row);
    if (index == Histogram::kNoRow) return Json::array();
    CallGraphShape shape;
    shape.children = rows_.shape().children;
    shape.caller_first = rows_.shape().caller_first;
    shape.min_period = static_cast<uint64_t>(static_cast<double>(rows_.total_period(0)) *
                                             options_.call_graph.min_percent / 100);
    return chains_of(graphs_.build(index, shape));
  }

  Json chains_of(const std::vector<ChainNode>& chains) const {
    Json out = Json::array();
    for (const ChainNode& chain : chains) {
      Json frames = Json::array();
      for (const FrameId frame : chain.frames) frames.push_back(profile_.name(frame));
      Json node = {{"frames", std::move(frames)},
                   {"period", chain.total.period},
                   {"samples", chain.total.samples}};
      if (!chain.branches.empty()) node["branches"] = chains_of(chain.branches);
      out.push_back(std::move(node));
    }
    return out;
  }

  const JsonReport& report_;
  const Profile& profile_;
  const TableEvents& events_;
  const ReportOptions& options_;
  const TableRows rows_;
  CallGraphBuilder graphs_;
};

}  // namespace

void print_json(const JsonReport& report, const ReportOptions& options, const Columns& columns,
                Output& out) {
  const Profile& profile = report.profile;
  out << "{";
  if (report.header) out << "\"header\":" << text_of(header_of(*report.header)) << ",\n";
  out << fmt::format("\"lost_samples\":{},\n\"lost_events\":{},\n\"tables\":[",
                     profile.lost_samples, profile.lost_records - profile.lost_samples);
  bool first = true;
  for (const TableEvents& events : report.tables) {
    out << (first ? "\n" : ",\n");
    first = false;
    JsonTable(report, events, options, columns).print(out);
  }
  out << "],\n\"warnings\":" << text_of(Json(profile.warnings)) << "}\n";
}

}  // namespace prof
