#include "record/kernel_tables.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

namespace prof {

namespace {

// The kernel waits for its programs whenever maps are added, and each is half a megabyte.
constexpr uint32_t kFirstShards = 4;
constexpr uint32_t kMostShardsAtOnce = 32;
// A run of the program is over by then, and with it what it had read.
constexpr auto kRest = std::chrono::milliseconds(2);
// A process that maps and unmaps code all the time, as some compilers do to write to it, is not
// asked again each time.
constexpr uint64_t kRestless = 8;
constexpr auto kSweepInterval = std::chrono::seconds(1);

template <class T>
std::span<T> array_of(BpfObject& object, const char* map) {
  const auto bytes = object.memory_of(map);
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

}  // namespace

KernelTables::KernelTables(BpfObject& object, const LiveModules& modules)
    : object_(object),
      live_(modules),
      rules_(array_of<unwind_rule>(object, "rules")),
      modules_(array_of<unwind_module>(object, "modules")),
      ranges_(array_of<unwind_range>(object, "ranges")),
      shards_([this] { return next_shard(); }) {
  free_.emplace_back(0, static_cast<uint32_t>(ranges_.size()));
}

Result<std::unique_ptr<KernelTables>> KernelTables::open(BpfObject& object,
                                                         const LiveModules& modules) {
  std::unique_ptr<KernelTables> tables(new KernelTables(object, modules));
  if (tables->rules_.empty() || tables->modules_.empty() || tables->ranges_.empty()) {
    return fail_errno("cannot map the memory of BPF programs");
  }
  return tables;
}

std::span<uint32_t> KernelTables::next_shard() {
  if (next_spare_ == spare_.size()) {
    const uint32_t wanted = std::clamp(shards_made_, kFirstShards, kMostShardsAtOnce);
    spare_ = object_.add_arrays("shards", shards_made_,
                                std::min(wanted, UNWIND_MAX_SHARDS - shards_made_),
                                UNWIND_SHARD_WORDS * sizeof(uint32_t));
    next_spare_ = 0;
    shards_made_ += static_cast<uint32_t>(spare_.size());
    if (spare_.empty()) return {};
  }
  const auto bytes = spare_[next_spare_++];
  return {reinterpret_cast<uint32_t*>(bytes.data()), bytes.size() / sizeof(uint32_t)};
}

void KernelTables::publish_rules() {
  const auto all = live_.rules().rules();
  const size_t end = std::min(all.size(), rules_.size());
  for (; rules_told_ < end; ++rules_told_) rules_[rules_told_] = all[rules_told_];
}

/// Whether the program can walk by a table that was made.
bool KernelTables::place_table(LiveModuleId id) {
  if (places_.size() < live_.size()) places_.resize(live_.size(), Place::None);
  Place& place = places_[id.value];
  if (place != Place::None) return place == Place::Placed;
  const UnwindTable& table = live_.known(id)->table();
  if (table.page_count() == 0) return false;  // there may be one later
  place = Place::NoTable;
  publish_rules();
  const auto placed = id.value < modules_.size() ? shards_.place(table) : std::nullopt;
  if (!placed) {
    ++no_room_;
    return false;
  }
  modules_[id.value] = *placed;
  place = Place::Placed;
  return true;
}

void KernelTables::place_tables() {
  for (uint32_t i = 0; i < live_.size(); ++i) {
    if (live_.known(LiveModuleId{i})) place_table(LiveModuleId{i});
  }
}

unwind_range KernelTables::range_of(const LiveMapping& mapping) {
  unwind_range range{};
  range.begin = mapping.begin;
  range.end = mapping.end;
  range.kind = UNWIND_RANGE_JIT;
  if (!mapping.module.valid()) return range;
  const UnwindModule* module = live_.known(mapping.module);
  range.kind = UNWIND_RANGE_UNKNOWN;
  if (!module) return range;
  range.kind = UNWIND_RANGE_NONE;
  if (!place_table(mapping.module)) return range;
  range.kind = UNWIND_RANGE_FILE;
  range.module = mapping.module.value;
  range.bias = LiveSpace::bias_of(mapping, *module);
  return range;
}

std::optional<uint32_t> KernelTables::reserve_ranges(uint32_t count) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    for (auto& [first, room] : free_) {
      if (room < count) continue;
      const uint32_t at = first;
      first += count;
      room -= count;
      return at;
    }
    if (attempt == 0) free_unused_ranges();
  }
  return std::nullopt;
}

/// What no process leads to, now and a while ago: the program copies a parent's entry to its
/// child's, and the one may be gone when the other is not there yet.
void KernelTables::free_unused_ranges() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweepInterval;
  std::vector<std::pair<uint32_t, uint32_t>> used;
  const auto look = [&] {
    return object_.for_each(
        "spaces", [&](std::span<const std::byte>, std::span<const std::byte> value) {
          unwind_space space{};
          std::memcpy(&space, value.data(), std::min(value.size(), sizeof space));
          used.emplace_back(space.first, space.count);
        });
  };
  if (!look()) return;
  std::this_thread::sleep_for(kRest);
  if (!look()) return;
  std::this_thread::sleep_for(kRest);
  for (const auto& [pid, known] : published_) {  // and what may be told again
    if (known.space.generation != 0) used.emplace_back(known.space.first, known.space.count);
  }
  std::ranges::sort(used);
  free_.clear();
  uint32_t at = 0;
  for (const auto& [first, count] : used) {
    if (first > at) free_.emplace_back(at, first - at);
    at = std::max(at, first + count);
  }
  const auto size = static_cast<uint32_t>(ranges_.size());
  if (at < size) free_.emplace_back(at, size - at);
}

bool KernelTables::is_made(LiveModuleId id) const {
  const UnwindModule* module = live_.known(id);
  return module && module->table().page_count() != 0;
}

bool KernelTables::is_up_to_date(const Published& known, const LiveSpace& space) const {
  if (known.space.generation == 0 || known.version != space.version()) return false;
  return std::ranges::none_of(known.missing, [&](LiveModuleId id) { return is_made(id); });
}

void KernelTables::write_ranges(Published& known, const LiveSpace& space, uint32_t first,
                                uint32_t count) {
  known = {};
  known.version = space.version();
  known.space.first = first;
  known.space.count = count;
  known.space.generation = ++generations_;
  for (uint32_t i = 0; i < count; ++i) {
    const LiveMapping& mapping = space.mappings()[i];
    ranges_[first + i] = range_of(mapping);
    if (mapping.module.valid() && !is_made(mapping.module)) known.missing.push_back(mapping.module);
  }
}

void KernelTables::publish(uint32_t pid, const LiveSpace& space, uint64_t exec_pages) {
  Published& known = published_[pid];
  if (is_up_to_date(known, space)) {
    // What changed was not told, or is back to what it was; or the program forgot the process.
    if (known.space.exec_pages != 0 && known.space.exec_pages != exec_pages) {
      known.space.exec_pages = ++known.told_again < kRestless ? exec_pages : 0;
    }
  } else {
    // As many mappings as the program's search finds its way in.
    constexpr size_t kMost = (size_t{1} << UNWIND_SEARCH_RANGES) - 1;
    const auto count = static_cast<uint32_t>(std::min(space.mappings().size(), kMost));
    const auto first = reserve_ranges(count);
    if (!first || count < space.mappings().size()) ++no_room_;
    if (!first) return;
    write_ranges(known, space, *first, count);
    known.space.exec_pages = exec_pages;
  }
  std::atomic_thread_fence(std::memory_order_release);
  if (!object_.update("spaces", pid, std::as_bytes(std::span(&known.space, 1)))) {
    ++no_room_;
    published_.erase(pid);
  }
}

void KernelTables::inherit(uint32_t child, uint32_t parent) {
  if (published_.contains(parent)) published_[child] = {};
}

void KernelTables::forget(uint32_t pid) {
  if (published_.erase(pid) != 0) object_.remove("spaces", pid);
}

}  // namespace prof
