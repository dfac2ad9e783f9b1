// Contexts: who took a sample, and in which address space. Used by the pipeline while it merges
// equal stacks.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "report/filter.h"
#include "report/load.h"
#include "report/profile.h"
#include "report/raw_stacks.h"
#include "report/recording.h"
#include "report/wall_time.h"

namespace prof {

/// Who took a sample, and in which address space: what equal stacks must share to be one.
struct Context {
  uint32_t group = 0;
  uint32_t space = 0;
  ThreadState state;
  uint64_t time = 0;  // of a sample in it
  bool hidden = false;
  bool idle_task = false;
};

/// Finds each sample's context; what holds for a thread is kept for as long as it holds.
class Contexts {
 public:
  /// Groups are put into the profile. All it is given must outlive it.
  Contexts(Recording& recording, const SampleFilter& filter, GroupBy by, const WallTime& wall,
           Profile& profile);

  /// `fields`: as Group has them; -1 for all samples alike.
  SampleContext of(const SampleRecord& sample, int32_t fields = -1) {
    Cached& cached = cache_[(sample.tid * 31u + sample.cpu) % kCacheSize];
    if (fields < 0 && cached.tid == sample.tid && cached.pid == sample.pid &&
        cached.cpu == sample.cpu && cached.event == sample.event && sample.time >= cached.from &&
        sample.time < cached.until) {
      return cached.context;
    }
    const ThreadState state = recording_.processes().state_at(sample.pid, sample.tid, sample.time);
    if (fields >= 0) return find(sample, state, fields);
    cached = {
        sample.tid,       sample.pid,       sample.cpu, sample.event, find(sample, state, fields),
        state.valid_from, state.valid_until};
    return cached.context;
  }
  bool hides(SampleContext context) const { return contexts_[context.index].hidden; }
  const Context& operator[](uint32_t index) const { return contexts_[index]; }

 private:
  static constexpr size_t kCacheSize = 4096;
  struct Cached {
    uint32_t tid = 0, pid = UINT32_MAX - 1, cpu = 0, event = 0;
    SampleContext context;
    uint64_t from = 0, until = 0;
  };

  SampleContext find(const SampleRecord& sample, const ThreadState& state, int32_t fields);
  uint32_t group_of(Group group, bool hidden);

  Recording& recording_;
  const SampleFilter& filter_;
  GroupBy by_;
  const WallTime& wall_;
  Profile& profile_;
  std::vector<Cached> cache_;
  std::vector<Context> contexts_;
  std::map<Group, uint32_t> groups_;
  std::map<std::pair<uint32_t, uint32_t>, size_t> spaces_;
  std::map<std::tuple<uint32_t, size_t, bool>, uint32_t> by_key_;
};

}  // namespace prof
