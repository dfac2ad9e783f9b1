// Feeds arbitrary bytes to the import of what bpftrace prints, and what comes out of it to the
// writers.
#include "import_checks.h"
#include "report/import_bpftrace.h"

using namespace prof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  looks_like_bpftrace(content);
  fuzz::check_import(
      [&](const LoadOptions& options) { return import_bpftrace(content, "input", options); });
  return 0;
}
