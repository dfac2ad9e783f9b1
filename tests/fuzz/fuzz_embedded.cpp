// Feeds arbitrary bytes to the reader of embedded names and chains, and asks what it made of them.
#include "report/embedded.h"

using namespace prof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto embedded = Embedded::read(std::as_bytes(std::span(data, size)));
  if (!embedded) return 0;
  (*embedded)->chain(10, 7);
  Dso dso;
  dso.name = "/bin/app";
  if (const RecordedName* name = (*embedded)->names().find(dso, 0x1010)) {
    (*embedded)->names().calls_of(*name);
  }
  return 0;
}
