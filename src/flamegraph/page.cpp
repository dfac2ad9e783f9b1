#include "flamegraph/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "flamegraph/flamegraph.h"
#include "flamegraph/svg.h"
#include "flamegraph/xml_text.h"

namespace prof {

namespace {

constexpr std::string_view kStyle =
#include "page_css.inc"
    ;
constexpr std::string_view kBody =
#include "page_html.inc"
    ;
// In the order in which they use each other.
constexpr std::string_view kScripts[] = {
#include "page_model_js.inc"
    ,
#include "page_tree_js.inc"
    ,
#include "page_theme_js.inc"
    ,
#include "page_graph_js.inc"
    ,
#include "page_heatmap_js.inc"
    ,
#include "page_table_js.inc"
    ,
#include "page_app_js.inc"
};

/// Nothing is fetched, and nothing that a name says can ask for it.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

using Json = nlohmann::ordered_json;

struct EventText {
  std::string unit;
  double scale = 1;  // shown is weight * scale
};

EventText text_of(const ProfileEvent& event, Weight weight) {
  if (weight == Weight::Samples) return {"samples", 1};
  return {event.unit, 1.0 / event.period_scale};
}

std::string percent(uint64_t part, uint64_t whole) {
  return fmt::format("{:.2f}%",
                     whole ? 100 * static_cast<double>(part) / static_cast<double>(whole) : 0);
}

std::string counted(uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(number), number == 1 ? one : many);
}

/// What is missing, in one line; empty if nothing is known to be.
std::string losses_of(const Profile& profile) {
  std::string losses;
  const auto add = [&](const std::string& text) { losses += (losses.empty() ? "" : " · ") + text; };
  if (profile.lost_records) add(counted(profile.lost_records, "sample", "samples") + " lost");
  if (profile.throttled) add("throttled " + counted(profile.throttled, "time", "times"));
  if (profile.skipped_records) {
    add(counted(profile.skipped_records, "record", "records") + " of unknown kind skipped");
  }
  return losses;
}

/// What was recorded, what is missing of it, and what the page leaves out.
std::vector<std::string> account_of(const Profile& profile, const PageRequest& request,
                                    const PageData& data) {
  std::vector<std::string> lines;
  for (const ProfileEvent& event : profile.events) {
    if (event.samples == 0 && event.idle_samples == 0) continue;
    std::string line =
        fmt::format("{}: {}", event.name, counted(event.samples, "sample", "samples"));
    if (event.total_samples > event.samples + event.idle_samples) {
      line += fmt::format(" of {} (filters hide the others)", grouped(event.total_samples));
    }
    if (profile.without_idle && event.idle_samples) {
      line += fmt::format(", and {} of the idle task, left out", grouped(event.idle_samples));
    }
    if (event.counted_stacks)
      line += fmt::format(", counted in {} records", grouped(event.counted_stacks));
    lines.push_back(std::move(line));
  }
  const std::string losses = losses_of(profile);
  lines.push_back(losses.empty() ? "No loss is known" : losses);
  if (profile.total_frames) {
    lines.push_back(percent(profile.unresolved_frames, profile.total_frames) +
                    " of all frames have no symbol");
  }
  if (!profile.has_callchains) lines.emplace_back("The recording has no call chains (record -g)");
  if (data.left_out) {
    lines.push_back(
        fmt::format("{} left out of this page; each caller's are its \"[too narrow to keep]\"",
                    counted(data.left_out, "frame is", "narrowest frames are")));
  }
  if (data.samples && data.quantum > 1000) {
    lines.push_back(fmt::format("Times are in steps of {} ms here, as there are so many samples",
                                data.quantum / 1'000'000));
  }
  lines.insert(lines.end(), profile.warnings.begin(), profile.warnings.end());
  lines.insert(lines.end(), request.notes.begin(), request.notes.end());
  return lines;
}

Json facts_of(const Profile& profile, const PageRequest& request, const PageData& data,
              const std::vector<Weight>& weights, const std::string& title) {
  Json facts;
  facts["title"] = title;
  facts["events"] = Json::array();
  for (const uint32_t index : data.events) {
    const ProfileEvent& event = profile.events[index];
    const EventText text = text_of(event, weights[index]);
    const uint64_t whole = weights[index] == Weight::Period ? event.period : event.samples;
    facts["events"].push_back(
        {{"name", event.name.empty() ? text.unit : event.name},
         {"unit", text.unit},
         {"scale", text.scale},
         {"sampleWeight", static_cast<double>(whole) / static_cast<double>(event.samples)}});
  }
  const auto first = std::ranges::find(data.events, request.event);
  facts["event"] = first == data.events.end() ? 0 : first - data.events.begin();
  facts["account"] = account_of(profile, request, data);
  facts["losses"] = losses_of(profile);
  facts["quality"] = profile.quality;
  facts["downward"] = request.downward;
  facts["inverted"] = request.leaf_first;
  facts["generator"] = "prof " PROF_VERSION;
  return facts;
}

/// JSON within a script element: nothing in it can end the element.
std::string in_script(const Json& json) {
  std::string text;
  for (const char letter : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (letter == '<') {
      text += "\\u003c";
    } else {
      text += letter;
    }
  }
  return text;
}

}  // namespace

Result<void> write_page(const Profile& profile, const PageRequest& request, Output& out) {
  std::vector<Weight> weights;
  for (uint32_t event = 0; event < profile.events.size(); ++event) {
    weights.push_back(request.weight.value_or(natural_weight(profile, event)));
  }
  auto data = pack_page_data(profile, weights, request.limits);
  if (!data) return tl::unexpected(std::move(data.error()));
  if (data->nodes == 0) {
    return fail("no stacks found", "was anything recorded, and is it what the filters ask for?", 2);
  }
  std::string title = request.title;
  if (title.empty()) title = request.name.empty() ? "Flame Graph" : request.name + " – Flame Graph";
  out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      << "<meta http-equiv=\"Content-Security-Policy\" content=\"" << kPolicy << "\">\n<title>";
  out << xml(title) << "</title>\n<style>\n"
      << kStyle << "</style>\n</head>\n"
      << "<body class=\"loading\">\n"
      << kBody << "<script type=\"application/json\" id=\"page-facts\">"
      << in_script(facts_of(profile, request, *data, weights, title)) << "</script>\n"
      << "<script type=\"text/plain\" id=\"page-data\">" << data->text << "</script>\n"
      << "<script>\n(() => {\n'use strict';\n";
  for (const std::string_view script : kScripts) out << script;
  out << "})();\n</script>\n</body>\n</html>\n";
  return {};
}

}  // namespace prof
