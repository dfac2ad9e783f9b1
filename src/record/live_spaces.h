// LiveSpaces: what code each recorded process has mapped now, as the records say it. Used by
// LiveUnwinder.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "perfdata/record.h"
#include "record/live_modules.h"
#include "unwind/unwinder.h"

namespace prof {

/// One mapping of code, of a process.
struct LiveMapping {
  uint64_t begin = 0, end = 0;
  uint64_t offset = 0;  // of `begin` in the file
  LiveModuleId module;  // invalid: without a file
};

/// The code of one process. Mappings do not overlap and are sorted by address.
class LiveSpace final : public CodeMap {
 public:
  explicit LiveSpace(LiveModules& modules) : modules_(&modules) {}

  std::optional<CodeRange> find(VirtAddr addr) override;
  uint64_t version() const override { return version_; }

  std::span<const LiveMapping> mappings() const { return mappings_; }
  /// What is to be taken off an address to get it in the file's terms. The module's table is known.
  static uint64_t bias_of(const LiveMapping& mapping, const UnwindModule& module);

 private:
  friend class LiveSpaces;
  void add(const LiveMapping& mapping);

  LiveModules* modules_;
  std::vector<LiveMapping> mappings_;
  uint64_t version_ = 0;  // of all spaces that ever were
};

/// How many pages of code a running process has mapped, as the kernel counts them (exec_vm); 0 if
/// it does not say.
uint64_t exec_pages_of(uint32_t pid);

class LiveSpaces {
 public:
  explicit LiveSpaces(LiveModules& modules) : modules_(modules) {}

  /// Records are to come by time. Gives the process whose code changed; 0 for records that change
  /// none.
  uint32_t apply(const Record& record);
  /// nullptr for a process that nothing was told of.
  LiveSpace* find(uint32_t pid);
  /// Forgets processes that had ended at the call before, and tells which.
  std::vector<uint32_t> forget_ended();

 private:
  uint32_t map(const MmapRecord& mapping);
  LiveSpace& space(uint32_t pid);

  LiveModules& modules_;
  std::unordered_map<uint32_t, LiveSpace> spaces_;
  std::vector<std::pair<uint32_t, uint64_t>> ending_;  // pid and the version it ended with
  std::vector<std::pair<uint32_t, uint64_t>> ended_;
  uint64_t versions_ = 0;
};

}  // namespace prof
