#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/diff_list.h"

namespace prof {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json side_of(const DiffSide& side) {
  Json json = {{"files", side.files},
               {"event", side.event},
               {"unit", side.unit},
               {"samples", side.samples},
               {"weight", side.weight},
               {"lost_samples", side.lost},
               {"seconds", side.seconds > 0 ? Json(side.seconds) : Json()}};
  return json;
}

Json value_of(const DiffValue& value) {
  return {{"before", value.before}, {"after", value.after},   {"delta", value.change()},
          {"ci", value.bound},      {"chance", value.chance}, {"sure", value.sure}};
}

std::string_view name_of(Normalize normalize) {
  switch (normalize) {
    case Normalize::Share:
      return "share";
    case Normalize::Time:
      return "time";
    case Normalize::None:
      break;
  }
  return "none";
}

}  // namespace

void print_diff_json(const DiffResult& result, const DiffListOptions& options, Output& out) {
  size_t sure = 0;
  const auto order = ordered_rows(result, options.sort, &sure);
  const size_t shown =
      options.limit == 0 ? order.size() : std::min(order.size(), std::max(options.limit, sure));
  out << "{\"before\":" << text_of(side_of(result.before))
      << ",\n\"after\":" << text_of(side_of(result.after))
      << ",\n\"normalize\":" << text_of(name_of(result.normalize))
      << ",\n\"unit\":" << text_of(result.unit) << ",\n\"intervals\":" << text_of(result.method)
      << fmt::format(",\n\"functions\":{},\n\"sure\":{},\n\"rows\":[", order.size(), sure);
  for (size_t i = 0; i < shown; ++i) {
    const DiffRow& row = result.rows[order[i]];
    const Frame& frame = result.joined.frame(row.function);
    const auto text = [&](StringId id) {
      return id.valid() ? Json(result.joined.strings[id]) : Json();
    };
    out << (i == 0 ? "\n" : ",\n")
        << text_of({{"sym", text(frame.name)},
                    {"dso", text(frame.dso_short)},
                    {"sure", row.sure()},
                    {"self", value_of(row.self)},
                    {"total", value_of(row.total)}});
    if (out.broken()) return;
  }
  out << "]}\n";
}

}  // namespace prof
