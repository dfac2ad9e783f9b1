// Feeds arbitrary bytes to the import of pprof's profiles, and what comes out of it to the writers.
#include "import_checks.h"
#include "report/import_pprof.h"

using namespace prof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  looks_like_pprof(content);
  fuzz::check_import(
      [&](const LoadOptions& options) { return import_pprof(content, "input", options); });
  return 0;
}
