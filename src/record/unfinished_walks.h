// UnfinishedWalks: puts together what the BPF programs send, piece by piece, of walks that they
// could not finish. Used by bpf_source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "bpf/stack_message.h"
#include "record/live_unwinder.h"

namespace prof {

class UnfinishedWalks {
 public:
  /// A message of the ring; others than of walks, and the stacks that end them, are passed over.
  /// One that makes no sense ends what there is of its walk.
  void take(std::span<const std::byte> message);
  /// Walks whose stack came, in the order that it did.
  std::vector<LiveWalk> take_complete();

 private:
  void begin(const stack_state& state);
  void extend(const stack_copy& head, std::span<const std::byte> bytes);
  void complete(const stack_key& key);

  struct Hash {
    size_t operator()(uint64_t low) const { return low; }  // it is a hash already
  };
  std::unordered_map<uint64_t, LiveWalk, Hash> begun_;  // by the key's low half
  std::vector<LiveWalk> complete_;
};

}  // namespace prof
