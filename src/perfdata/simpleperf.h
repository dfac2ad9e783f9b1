// What simpleperf writes into perf.data beyond perf: the files it saw with their symbols, as header
// features or records, and the names of events. Read by Recording and the reader.
// Source: AOSP, system/extras/simpleperf: record_file_format.h, record_file.proto, record.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "perfdata/attr.h"
#include "perfdata/record.h"

namespace prof {

/// A file of the recorded machine, and those of its symbols that were wanted there.
struct SimpleperfFile {
  enum class Kind : uint32_t { Kernel, KernelModule, Elf, Dex, SymbolMap, Unknown };
  struct Symbol {
    uint64_t start = 0;  // as linked; of a Dex file, the offset in it
    uint64_t length = 0;
    std::string name;  // as linked
  };

  std::string path;
  Kind kind = Kind::Unknown;
  uint64_t min_vaddr = 0;  // the lowest address of code, as linked
  /// Where that is: in an Elf file, or behind the start of a module. Nothing in files of old.
  std::optional<uint64_t> min_vaddr_offset;
  std::vector<Symbol> symbols;
};

struct SimpleperfFiles {
  std::vector<SimpleperfFile> files;
  bool damaged = false;  // what follows the last file could not be read
};

/// The payload of FILE, or of FILE2, whose entries are protobuf messages.
SimpleperfFiles decode_simpleperf_files(std::span<const std::byte> payload, bool protobuf,
                                        bool swap);

/// The same from the DSO and SYMBOL records of the oldest files.
class SimpleperfFileRecords {
 public:
  void add(const RecordView& view, bool swap);
  const std::vector<SimpleperfFile>& files() const { return files_; }

 private:
  std::vector<SimpleperfFile> files_;
  std::unordered_map<uint64_t, size_t> by_id_;
};

/// The text of KERNEL_SYMBOL (/proc/kallsyms of the recorded machine) or of TRACING_DATA; nothing
/// if the record does not hold what it says.
std::optional<std::span<const std::byte>> simpleperf_blob(const RecordView& view, bool swap);

/// The name of an event by META_INFO's lines "name,type,config"; empty if they have none.
std::string simpleperf_event_name(std::span<const std::pair<std::string, std::string>> meta_info,
                                  const perf_event_attr& attr);

}  // namespace prof
