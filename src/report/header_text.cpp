#include "report/header_text.h"

#include <fmt/format.h>

namespace prof {

std::string header_text(const Reader& reader) {
  const Features& features = reader.features();
  std::string text = "# ========\n";
  const auto line = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) text += fmt::format("# {} : {}\n", name, *value);
  };
  line("hostname", features.hostname);
  line("os release", features.os_release);
  line("perf version", features.version);
  line("arch", features.arch);
  return text + "# ========\n#\n";
}

}  // namespace prof
