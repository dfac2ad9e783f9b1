// Fuzzes what `prof record` is told by -D, --switch-output and --control, and the commands that
// come while it runs, which may be anyone's. Input: the text.
#include <cstdlib>
#include <string_view>

#include "record/control.h"
#include "record/enable_spans.h"
#include "record/switch_output.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto delay = prof::parse_delay(text)) {
    uint64_t last = 0;
    for (const prof::EnableSpan& span : delay->spans) {
      if (span.begin < last || span.end <= span.begin) std::abort();
      last = span.end + 1;
    }
  }
  prof::SwitchOutput output;
  if (prof::parse_switch_output(text, output) && !output.enabled()) std::abort();
  (void)prof::parse_control(text);
  if (prof::parse_control_command(text).argument.size() > size) std::abort();
  return 0;
}
