// The JSON of `prof list --json`, which docs/man/prof-list.1 describes.
#include <nlohmann/json.hpp>

#include "list/event_list.h"

namespace prof {

std::string event_list_json(const std::vector<ListedEvent>& events) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const ListedEvent& event : events) {
    Json entry = {{"kind", event.kind}, {"name", event.name}, {"description", event.description}};
    entry["opens"] = event.tried ? Json(event.refusal.empty()) : Json(nullptr);
    if (!event.refusal.empty()) entry["cause"] = event.refusal;
    if (!event.details.empty()) entry["details"] = event.details;
    list.push_back(std::move(entry));
  }
  const Json document = {{"format", "prof-list"}, {"version", 1}, {"events", std::move(list)}};
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace prof
