// What is installed: prof and its libraries, the kernel, the distribution, perf.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "common/text_file.h"
#include "doctor/groups.h"
#include "record/bpf_object.h"

namespace prof {

namespace {

/// The value of PRETTY_NAME in os-release(5).
std::string distribution() {
  constexpr std::string_view kKey = "\nPRETTY_NAME=";
  const auto text = read_text_file("/etc/os-release", 16 << 10);
  if (!text) return {};
  const std::string lines = "\n" + *text;
  const auto at = lines.find(kKey);
  if (at == lines.npos) return {};
  std::string value = lines.substr(at + kKey.size());
  value = value.substr(0, value.find('\n'));
  if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
  return value;
}

/// "perf version 6.1.0"; empty where there is none.
std::string perf_version() {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen("perf --version 2>/dev/null", "re"),
                                                   &::pclose);
  char line[128] = "";
  if (!pipe || !std::fgets(line, sizeof line, pipe.get())) return {};
  std::string text(line);
  return text.substr(0, text.find('\n'));
}

}  // namespace

void check_versions(const Features& host, std::vector<Check>& checks) {
  CheckGroup group(checks, "versions");
  const std::string library = BpfObject::library();
  group.fact("prof", PROF_VERSION + (library.empty() ? ", without BPF" : ", with " + library));
  group.fact("kernel",
             fmt::format("{} {}", host.os_release.value_or("?"), host.arch.value_or("?")));
  if (const auto name = distribution(); !name.empty()) group.fact("distribution", name);
  const std::string perf = perf_version();
  group.fact("perf", perf.empty() ? "not installed" : perf);
}

}  // namespace prof
