#include "record/sideband_watch.h"

#include <fmt/core.h>
#include <unistd.h>

#include <utility>

#include "common/byte_reader.h"
#include "perfdata/record_walk.h"

namespace prof {

namespace {

bool describes(uint32_t type) {
  switch (type) {
    case kRecordMmap:
    case kRecordMmap2:
    case kRecordComm:
    case kRecordFork:
    case kRecordExit:
    case kRecordKsymbol:
    case kRecordBpfEvent:
    case kRecordNamespaces:
    case kRecordCgroup:
    case kRecordTextPoke:
      return true;
    default:
      return false;
  }
}

}  // namespace

void SidebandWatch::observe(std::span<const std::byte> records) {
  for_each_record(records,
                  [this](const perf_event_header& header, std::span<const std::byte> payload) {
                    if (header.type == kRecordFork) {
                      ByteReader reader(payload);
                      processes_.insert(static_cast<pid_t>(reader.u32()));
                    }
                    if (!keeping_ || !describes(header.type)) return;
                    const std::byte* begin = payload.data() - sizeof header;
                    kept_.insert(kept_.end(), begin, begin + header.size);
                  });
}

std::vector<std::byte> SidebandWatch::take() {
  keeping_ = false;
  return std::exchange(kept_, {});
}

const std::set<pid_t>& SidebandWatch::processes() {
  std::erase_if(processes_, [](pid_t pid) {
    return ::access(fmt::format("/proc/{}", pid).c_str(), F_OK) != 0;
  });
  return processes_;
}

}  // namespace prof
