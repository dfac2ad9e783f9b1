// LiveModules: the binaries that recorded processes run, with their unwind tables, made when a walk
// first needs them. Used by LiveSpaces, in the thread of LiveUnwinder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/disk_cache.h"
#include "common/strong_id.h"
#include "object/debug_file.h"
#include "perfdata/record.h"
#include "record/running_binary.h"
#include "unwind/rule_dictionary.h"
#include "unwind/unwind_module.h"

namespace prof {

/// Which binary; equal binaries of all processes are one.
using LiveModuleId = Id<struct LiveModuleTag>;

class LiveModules {
 public:
  explicit LiveModules(const DiskCache& cache);

  /// The binary that a mapping is of; invalid for code without a file (JIT).
  LiveModuleId of(const MmapRecord& mapping);
  /// Makes the table of a file that is likely to be mapped soon.
  void prepare(const std::string& path);
  /// Its table, made now if that was not done before, which may take tenths of a second; one
  /// without anything where the binary cannot be had. Valid as long as this.
  const UnwindModule& table_of(LiveModuleId id);
  /// The same, if it was made.
  const UnwindModule* known(LiveModuleId id) const { return entries_[id.value].module.get(); }

  size_t size() const { return entries_.size(); }
  const RuleDictionary& rules() const { return rules_; }

 private:
  struct Entry {
    RunningBinary binary;
    bool vdso = false;
    std::unique_ptr<const UnwindModule> module;
    bool failed = false;  // it could not be had, by the process that is named
    int attempts = 0;
  };
  LiveModuleId add(Entry entry);
  std::unique_ptr<const UnwindModule> make(const Entry& entry);
  std::unique_ptr<const UnwindModule> make(const UniqueFd& fd, const std::string& name);

  DiskCache cache_;
  DebugFileFinder finder_;
  RuleDictionary rules_;
  std::vector<Entry> entries_;
  std::vector<std::unique_ptr<const UnwindModule>> given_up_;  // which walks may still refer to
  std::unordered_map<std::string, LiveModuleId> by_key_;
};

}  // namespace prof
