// StackCounts: stacks that the BPF programs sent, as sample records: one for each distinct stack,
// with what it weighs, or one for each sample. Fed by bpf_source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "bpf/stack_message.h"
#include "perfdata/attr.h"
#include "record/interrupt_functions.h"
#include "record/live_unwinder.h"

namespace prof {

/// Memory is bounded by what an epoch may hold, not by the recording: when it is full it is written
/// and forgotten, and a stack that comes again is sent again. Stacks where threads sleep are kept,
/// as long as they are not too many: they count when the thread is woken.
class StackCounts {
 public:
  static constexpr size_t kEpochSize = size_t{12} << 20;  // bytes of stacks

  /// `events` are those of the file, in the order that counts number them; they outlive this, and
  /// so do `interrupts`, which are asked for pairs. `max_frames`: of a stack that is finished here.
  explicit StackCounts(std::span<const EventAttr> events, size_t max_frames = STACK_MAX_FRAMES,
                       const InterruptFunctions* interrupts = nullptr)
      : events_(events),
        max_frames_(max_frames),
        interrupts_(interrupts),
        samples_(events.size()) {}

  /// A message of the ring. One that makes no sense is left out, and what it counted is lost.
  void take(std::span<const std::byte> message);
  /// The user's frames of a stack that was sent unfinished; those it was sent with stay where there
  /// are none. Until then it is not written.
  void finish(const LiveChain& chain);
  /// What was counted for a stack.
  void add(const count_key& key, const stack_count& count);
  /// Appends a record for each stack and event that was hit since the last time. Its weight is the
  /// number of samples, its time that of the last.
  void write(std::vector<std::byte>& out);
  /// Appends the samples that were told of one by one since the last time.
  void write_samples(std::vector<std::byte>& out);

  /// Whether this epoch holds so much that the next should begin.
  bool is_full() const {
    return current_.messages.size() + current_.pairs.size() * sizeof(stack_pair) >= kEpochSize;
  }
  /// Writes everything and begins the next epoch. What was counted before may still be added, until
  /// end_previous().
  void begin_epoch(std::vector<std::byte>& out);
  void end_previous(std::vector<std::byte>& out);
  /// Writes all that is left, finished or not.
  void write_all(std::vector<std::byte>& out);

  /// Samples that were added, of the first so many events, and of the others.
  uint64_t samples_before(size_t event) const;
  uint64_t samples_from(size_t event) const;
  /// Distinct stacks that were counted, of each event; one that was forgotten and came again counts
  /// again.
  uint64_t stacks() const { return stacks_; }
  /// Records that were written of counts: with intervals several of a stack.
  uint64_t records() const { return records_; }
  /// Samples whose stack never came.
  uint64_t lost() const { return lost_; }

 private:
  struct Stack {
    stack_key key{};
    size_t message = 0;  // offset in Epoch::messages
    bool unfinished = false;
    uint32_t pair = 0;  // index + 1 in Epoch::pairs, for what has no message
  };
  struct Count {
    count_key key{};
    uint32_t stack = 0;  // index
    stack_count count{};
  };
  /// Items by their keys: open addressing. The keys are hashes already.
  template <class Item>
  class Table {
   public:
    template <class Key>
    Item* find(const Key& key);
    Item& insert(const Item& item);
    std::vector<Item>& all() { return items_; }
    const std::vector<Item>& all() const { return items_; }

   private:
    std::vector<Item> items_;
    std::vector<uint32_t> slots_;  // index + 1
  };
  struct Epoch {
    std::vector<std::byte> messages;  // stack_message, as long as their frames
    std::vector<stack_pair> pairs;    // of stacks that are in this epoch, too
    Table<Stack> stacks;
    Table<Count> counts;
    Count* count_of(const count_key& key, uint64_t& stacks_met);
  };
  static Stack* find(Epoch& epoch, const stack_key& key) { return epoch.stacks.find(key); }
  bool finish(Epoch& epoch, const LiveChain& chain);
  void take_stack(std::span<const std::byte> message);
  void take_sample(const stack_sample& sample);
  void take_pair(const stack_pair& pair);
  bool keep_here(const stack_key& key);
  bool put_single(Epoch& epoch, const stack_sample& sample, bool finished_only);
  bool put_pair(Epoch& epoch, const Count& counted, bool unfinished_too,
                std::vector<std::byte>& out) const;
  uint32_t interrupt_frames(std::span<const std::byte> message) const;
  void write(Epoch& epoch, std::vector<std::byte>& out, bool unfinished_too);
  void keep_lasting(const Epoch& from);

  std::span<const EventAttr> events_;
  size_t max_frames_;
  const InterruptFunctions* interrupts_;
  Epoch current_;
  Epoch previous_;
  std::vector<uint64_t> samples_;  // by event
  std::vector<std::byte> single_;  // records of samples that were told of one by one
  std::unordered_multimap<uint64_t, stack_sample> held_;  // by key; whose stacks are not finished
  uint64_t stacks_ = 0, records_ = 0, lost_ = 0;
};

}  // namespace prof
