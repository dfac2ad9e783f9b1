// The JSON of `prof doctor --json`, which docs/man/prof-doctor.1 describes.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "doctor/doctor.h"

namespace prof {

namespace {

constexpr int kFormatVersion = 1;  // changes when a member changes its meaning or goes

}  // namespace

std::string diagnosis_json(const Diagnosis& diagnosis) {
  using Json = nlohmann::ordered_json;
  Json checks = Json::array();
  for (const Check& check : diagnosis.checks) {
    checks.push_back({{"group", check.group},
                      {"name", check.name},
                      {"state", state_name(check.state)},
                      {"cause", check.cause},
                      {"remedy", check.remedy}});
  }
  const Json document = {{"format", "prof-doctor"},
                         {"version", kFormatVersion},
                         {"prof", PROF_VERSION},
                         {"uid", ::geteuid()},
                         {"can_record", diagnosis.can_record()},
                         {"checks", std::move(checks)}};
  // What host files say need not be UTF-8.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace prof
