// StackCounts: stacks that the BPF sampler counted, as sample records: one for each distinct stack,
// with what it weighs. Fed by bpf_source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bpf/stack_message.h"
#include "perfdata/attr.h"

namespace prof {

/// A stack is kept as the record it will be, whose time, period and weight are filled in when it is
/// written: the weight is its number of samples. Stacks are kept for an epoch, so that memory is
/// bounded by what an epoch may hold and not by the recording: what is full is written and
/// forgotten, and a stack that comes again is sent again.
class StackCounts {
 public:
  static constexpr size_t kEpochSize = size_t{24} << 20;  // bytes of records

  /// `events` are those of the file, in the order that messages number them.
  explicit StackCounts(std::span<const EventAttr> events);

  /// A message of the ring. One that makes no sense is left out, and what it counted is lost.
  void take(std::span<const std::byte> message);
  /// What was counted for a stack.
  void add(const stack_key& key, const stack_count& count);
  /// Appends a record for each stack that was hit since the last time.
  void write(std::vector<std::byte>& out);

  /// Whether this epoch holds so much that the next should begin.
  bool is_full() const { return current_.records.size() >= kEpochSize; }
  /// Writes everything and begins the next epoch. What was counted before may still be added, until
  /// end_previous().
  void begin_epoch(std::vector<std::byte>& out);
  void end_previous(std::vector<std::byte>& out);

  /// Samples that were added.
  uint64_t samples() const { return samples_; }
  /// Distinct stacks seen; one that was forgotten and came again counts again.
  uint64_t stacks() const { return stacks_; }
  /// Samples whose stack never came.
  uint64_t lost() const { return lost_; }

 private:
  struct Stack {
    stack_key key{};
    size_t record = 0;  // offset of its record
    stack_count count{};
    uint32_t event = 0;
    uint32_t weight_at = 0;  // in its record
  };
  struct Epoch {
    std::vector<std::byte> records;
    std::vector<Stack> stacks;
    std::vector<uint32_t> slots;  // index + 1 in stacks; open addressing
    Stack* find(const stack_key& key);
    void insert(const Stack& stack);
  };
  /// Where the fields that are filled in later lie in a record of an event.
  struct Layout {
    bool identified = false, chains = false;
    uint64_t id = 0;
    size_t time_at = 0, period_at = 0;
  };
  void remember(const stack_message& message, std::span<const std::byte> frames);
  void write(Epoch& epoch, std::vector<std::byte>& out) const;

  std::vector<Layout> layouts_;  // by event
  Epoch current_;
  Epoch previous_;
  uint64_t samples_ = 0, stacks_ = 0, lost_ = 0;
};

}  // namespace prof
