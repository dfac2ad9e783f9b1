// Feeds arbitrary bytes to the import of perf script's text, with and without choices, and what
// comes out of it to the writer of folded text.
#include <fcntl.h>

#include <cstdlib>

#include "common/output.h"
#include "common/unique_fd.h"
#include "report/call_tree.h"
#include "report/folded.h"
#include "report/import_script.h"

using namespace prof;

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const bool looks = looks_like_script(text);
  LoadOptions chosen;
  chosen.group = {true, true, true, true};
  chosen.max_stack = 3;
  chosen.input.filter.time = "10%-90%";
  for (const LoadOptions& options : {LoadOptions{}, chosen}) {
    const auto profile = import_script(text, "input", options);
    if (!profile) continue;
    expect(looks || !profile->events.empty());
    Output out(null.get());
    for (uint32_t event = 0; event < profile->events.size(); ++event) {
      for (const Weight weight : {Weight::Samples, Weight::Period}) {
        const CallTree tree = CallTree::build(*profile, {.event = event, .weight = weight});
        const auto& facts = profile->events[event];
        expect(tree.root().total == (weight == Weight::Samples ? facts.samples : facts.period));
        write_folded(*profile, {.event = event, .weight = weight, .marks = true}, out);
      }
    }
  }
  return 0;
}
