#include "doctor/doctor.h"

#include <algorithm>

#include "doctor/groups.h"
#include "record/host_info.h"
#include "record/privileges.h"

namespace prof {

std::string_view state_name(CheckState state) {
  switch (state) {
    case CheckState::Works:
      return "works";
    case CheckState::Partly:
      return "partly";
    case CheckState::Fails:
      return "fails";
    case CheckState::Fact:
      break;
  }
  return "fact";
}

bool Diagnosis::can_record() const {
  const auto any = [this](std::string_view group) {
    return std::ranges::any_of(checks, [group](const Check& check) {
      return check.group == group &&
             (check.state == CheckState::Works || check.state == CheckState::Partly);
    });
  };
  return any(kEventsGroup) && any(kStacksGroup);
}

Diagnosis diagnose() {
  raise_open_file_limit();  // as record does
  Diagnosis diagnosis;
  std::vector<Check>& checks = diagnosis.checks;
  Features host;
  describe_host(host);
  check_versions(host, checks);
  check_host(host, checks);
  check_events(checks);
  check_pmus(host, checks);
  check_reach(checks);
  check_limits(checks);
  check_tracepoints(host, checks);
  check_stacks(checks);
  check_bpf(checks);
  check_symbols(checks);
  return diagnosis;
}

}  // namespace prof
