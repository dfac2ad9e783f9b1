// Feeds arbitrary bytes to the reader of JSON and the import of speedscope profiles, and what comes
// out of it to the writers.
#include "import_checks.h"
#include "report/import_speedscope.h"

using namespace prof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const auto document = JsonDocument::parse(content, "input");
  if (!document) return 0;
  looks_like_speedscope(document->root());
  fuzz::check_import([&](const LoadOptions& options) {
    return import_speedscope(document->root(), "input", options);
  });
  return 0;
}
