// KeptCalls: what DWARF said of addresses of a binary, kept in the disk cache: a debug file may
// have to be inflated and gone through for a handful of them. Asked by the Symbolizer before DWARF.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/disk_cache.h"
#include "object/debug_file.h"
#include "symbolize/dwarf_source.h"

namespace prof {

class KeptCalls {
 public:
  /// Addresses kept of a binary; of more, those asked for last.
  static constexpr size_t kMostAddresses = size_t{1} << 20;

  /// `cache` outlives this. Nothing is kept of a binary without a build id.
  KeptCalls(const DiskCache& cache, const BuildId& build_id, const DebugFiles& files);

  /// Innermost first; empty where DWARF says nothing; nothing if that is not known. Valid until
  /// add().
  std::optional<std::span<const SourceFrame>> find(ElfAddr address) const;
  /// What DWARF said of an address that was not known.
  void add(ElfAddr address, std::span<const SourceFrame> frames);
  /// Keeps what was added, together with what there was.
  void save() const;

 private:
  struct Place {
    uint32_t begin = 0;
    uint32_t count = 0;
  };
  void load();
  void insert(uint64_t address, std::span<const SourceFrame> frames);
  std::string_view own(std::string_view text);

  const DiskCache& cache_;
  std::string key_;  // empty: nothing is kept
  std::optional<DiskCache::Entry> entry_;
  size_t loaded_ = 0;                // addresses that were there
  std::vector<uint64_t> addresses_;  // as they came
  std::unordered_map<uint64_t, Place> places_;
  std::vector<SourceFrame> frames_;  // views of entry_ and strings_
  std::unordered_map<std::string_view, std::string_view> owned_;
  std::deque<std::string> strings_;
};

}  // namespace prof
