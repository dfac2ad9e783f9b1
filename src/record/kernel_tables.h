// KernelTables: fills the maps of the kernel-side unwinder: rules, tables, and which code processes
// have where. Used by LiveUnwinder, in its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bpf/unwind_tables.h"
#include "common/result.h"
#include "record/bpf_object.h"
#include "record/live_spaces.h"
#include "record/unwind_shards.h"

namespace prof {

/// The program sees a table's rows before the module that has them, and a process's ranges before
/// the process, so that it never follows what is not written yet. Nothing that it may be reading is
/// written over: ranges are used again only when no process has led to them for a while.
class KernelTables {
 public:
  /// `object` has the maps, and outlives this.
  static Result<std::unique_ptr<KernelTables>> open(BpfObject& object, const LiveModules& modules);
  KernelTables(const KernelTables&) = delete;
  KernelTables& operator=(const KernelTables&) = delete;

  /// Puts all tables in place that are made.
  void place_tables();
  /// Tells the program of a process's code as it is now, with the tables that are made.
  /// `exec_pages` is what the program said of the process when that was found out.
  void publish(uint32_t pid, const LiveSpace& space, uint64_t exec_pages);
  /// Whether the program knows of the process, so that its changes matter.
  bool is_published(uint32_t pid) const { return published_.contains(pid); }
  void forget(uint32_t pid);
  /// The program gave a new process what it knew of its parent.
  void inherit(uint32_t child, uint32_t parent);

  /// Bytes of tables that the program has.
  size_t memory() const { return size_t{shards_.shards()} * UNWIND_SHARD_WORDS * 4; }
  /// Tables, and processes, that found no room.
  uint64_t no_room() const { return no_room_; }

 private:
  struct Published {
    uint64_t version = 0;  // of the LiveSpace
    unwind_space space{};
    std::vector<LiveModuleId> missing;  // whose tables were not made
    uint64_t told_again = 0;            // equal, but for exec_pages
  };
  KernelTables(BpfObject& object, const LiveModules& modules);

  bool is_made(LiveModuleId id) const;
  bool is_up_to_date(const Published& known, const LiveSpace& space) const;
  void write_ranges(Published& known, const LiveSpace& space, uint32_t first, uint32_t count);
  unwind_range range_of(const LiveMapping& mapping);
  bool place_table(LiveModuleId id);
  void publish_rules();
  std::span<uint32_t> next_shard();
  std::optional<uint32_t> reserve_ranges(uint32_t count);
  void free_unused_ranges();

  BpfObject& object_;
  const LiveModules& live_;
  std::span<unwind_rule> rules_;
  std::span<unwind_module> modules_;
  std::span<unwind_range> ranges_;
  size_t rules_told_ = 0;
  enum class Place : uint8_t { None, Placed, NoTable };
  std::vector<Place> places_;                // by LiveModuleId
  std::vector<std::span<std::byte>> spare_;  // shards that were made, and are not used yet
  size_t next_spare_ = 0;
  uint32_t shards_made_ = 0;
  UnwindShards shards_;
  std::vector<std::pair<uint32_t, uint32_t>> free_;  // ranges: first, count
  std::unordered_map<uint32_t, Published> published_;
  std::chrono::steady_clock::time_point next_sweep_;
  uint32_t generations_ = 0;
  uint64_t no_room_ = 0;
};

}  // namespace prof
