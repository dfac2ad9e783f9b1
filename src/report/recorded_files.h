// RecordedFiles: gives the Symbolizer the symbols that simpleperf put into a recording, at the
// addresses by which prof asks for them. Used by Recording, in pass one.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "object/address_space.h"
#include "object/dso.h"
#include "perfdata/features.h"
#include "perfdata/simpleperf.h"
#include "symbolize/symbolizer.h"

namespace prof {

class RecordedFiles {
 public:
  /// A DSO, KERNEL_SYMBOL or SYMBOL record.
  void note_record(const RecordView& view, bool swap, Symbolizer& symbolizer);
  /// Code of a file, or a kernel module: files of old say where it is by the mapping alone.
  void note_code(const Mapping& mapping);
  /// Whether the symbols of a mapping with this protection have the addresses of the process.
  static bool has_own_addresses(uint32_t protection, const Features& features) {
    return (protection & kProtJitSymbolFile) != 0 && !features.meta_info.empty();
  }
  /// Once everything was noted. False if the files' feature is damaged.
  bool finish(const Features& features, bool swap, const DsoTable& dsos, Symbolizer& symbolizer);

 private:
  struct Code {
    uint64_t start = 0, offset = 0;
    bool absolute = false;
  };
  void add(const SimpleperfFile& file, const DsoTable& dsos,
           const std::unordered_map<std::string_view, std::vector<DsoId>>& by_name,
           Symbolizer& symbolizer) const;
  uint64_t shift_of(const SimpleperfFile& file, DsoId dso) const;

  SimpleperfFileRecords records_;
  std::unordered_map<uint32_t, Code> codes_;  // by DsoId
};

}  // namespace prof
