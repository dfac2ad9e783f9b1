// LiveUnwinder: walks stacks while they are recorded, in a thread of its own: those that the
// kernel-side unwinder could not finish, and all of --call-graph dwarf,live. Used by the sources on
// top of PerfSource.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "bpf/stack_message.h"
#include "perfdata/decode.h"
#include "record/kernel_tables.h"
#include "record/live_spaces.h"
#include "unwind/table_unwinder.h"

namespace prof {

/// A stack that is to be walked: registers and a copy, as they were at `time`.
struct LiveWalk {
  stack_key key{};  // the asker's
  uint32_t pid = 0;
  uint64_t time = 0;
  uint64_t exec_pages = 0;  // as the BPF program told it
  bool has_user = true;     // false: there is no user's part to walk
  UserState user;           // `user.stack` is set from `stack`
  std::vector<std::byte> stack;
};

/// What came of it. Addresses are as callers are recorded: readers look one byte before them, so
/// that code which a signal interrupted has its address plus one.
struct LiveChain {
  stack_key key{};
  UnwindStop stop = UnwindStop::EndOfStack;
  std::vector<uint64_t> frames;  // leaf first
};

class LiveUnwinder {
 public:
  static constexpr size_t kMaxFrames = STACK_MAX_USER;
  /// Bytes of copies that may wait. Beyond, stacks are walked without them: they end at once.
  static constexpr size_t kBound = size_t{64} << 20;

  /// `events` are those that the records come from.
  LiveUnwinder(std::span<const EventAttr> events, const DiskCache& cache);
  ~LiveUnwinder();
  LiveUnwinder(const LiveUnwinder&) = delete;
  LiveUnwinder& operator=(const LiveUnwinder&) = delete;

  /// From now on the kernel-side unwinder of `object`, which outlives this, is told what is found
  /// out. Before anything is pushed.
  Result<void> inform(BpfObject& object);

  /// Makes the tables of files that will be mapped soon, and of processes that were described, and
  /// returns when they are in place, or what takes long will be later.
  void prepare(std::vector<std::string> files, std::vector<uint32_t> processes);
  /// Side-band records, and walks that are not older than what they tell of. Never blocks.
  void push(std::vector<std::byte> records, std::vector<LiveWalk> walks);
  /// Chains that are done.
  std::vector<LiveChain> take();
  /// Walks that were pushed and not taken.
  size_t outstanding() const { return outstanding_; }
  /// All walks that were taken, and of them those that came to a proven bottom.
  uint64_t walks() const { return walks_; }
  uint64_t whole() const { return whole_; }
  /// Those that were given up, or their copies, since too many waited.
  uint64_t without_copy() const { return without_copy_ + given_back_; }
  /// Waits until all is done that was pushed, but no longer than that; whether it is.
  bool drain(std::chrono::milliseconds limit);
  /// Waits until all is done. After a while what is left is given back as it came, unwalked.
  void finish();

  /// Tables, and processes, that the kernel-side unwinder has no room for. After drain().
  uint64_t no_room() const { return tables_ ? tables_->no_room() : 0; }

 private:
  struct Batch {
    std::vector<std::byte> records;
    std::vector<LiveWalk> walks;
    std::vector<std::string> files;   // to prepare
    std::vector<uint32_t> processes;  // likewise
  };
  void run();
  void work_on(Batch& batch, std::vector<LiveChain>& done);
  void apply(const RecordView& view);
  LiveChain walk(LiveWalk& walk);
  void prepare_process(uint32_t pid);

  EventTable events_;
  Decoder decoder_;
  // Of the thread alone.
  LiveModules modules_;
  LiveSpaces spaces_;
  TableUnwinder unwinder_;
  std::unique_ptr<KernelTables> tables_;
  std::vector<FrameAddress> frames_;
  std::atomic<uint64_t> given_back_ = 0;

  uint64_t walks_ = 0, whole_ = 0, without_copy_ = 0;
  size_t outstanding_ = 0;    // of the caller's thread
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Batch> waiting_;
  size_t waiting_bytes_ = 0;
  std::vector<LiveChain> done_;
  bool busy_ = false;
  bool closed_ = false;
  std::atomic<bool> hurried_ = false;
  std::thread thread_;
};

}  // namespace prof
