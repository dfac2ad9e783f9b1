// Recording: an opened perf.data after pass one: events, processes over time, DSOs, losses,
// symbols. Opened by load_profile and by script; pass two asks it about each sample.
#pragma once

#include <array>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "common/address.h"
#include "common/result.h"
#include "common/string_table.h"
#include "object/address_space.h"
#include "object/dso.h"
#include "perfdata/cursor.h"
#include "perfdata/decode.h"
#include "perfdata/ordering.h"
#include "perfdata/reader.h"
#include "report/deferred_chains.h"
#include "report/jit_dumps.h"
#include "report/load.h"
#include "report/recorded_files.h"
#include "symbolize/symbolizer.h"

namespace prof {

/// What pass one counted.
struct RecordingStats {
  static constexpr uint32_t kSlots = 144;
  /// Where records of a type are counted: those of perf, those of simpleperf, and all others.
  static constexpr uint32_t slot_of(uint32_t type) {
    const bool simpleperfs = type >= kRecordSimpleperf && type - kRecordSimpleperf < 15;
    return type < 128 ? type : simpleperfs ? 128 + type - kRecordSimpleperf : kSlots - 1;
  }
  static constexpr uint32_t type_of(uint32_t slot) {
    return slot < 128 || slot == kSlots - 1 ? slot : kRecordSimpleperf + slot - 128;
  }
  std::array<uint64_t, kSlots> records{};  // by slot
  uint64_t total_records = 0;
  uint64_t lost_events = 0;   // sum of LOST
  uint64_t lost_records = 0;  // how many LOST records said so
  uint64_t lost_samples = 0;  // sum of LOST_SAMPLES, without those dropped by a filter
  uint64_t throttled = 0;     // THROTTLE records
  uint64_t aux_lost = 0;      // AUX records of which a part was lost or is doubtful
  uint64_t unreadable = 0;    // records too short for their type
  uint64_t unknown = 0;       // of types prof does not know
  uint64_t first_time = UINT64_MAX, last_time = 0;  // of samples, ns; only if asked for
};

/// A call chain's address with what is needed to name it.
struct ResolvedAddress {
  const Mapping* mapping = nullptr;  // nullptr: unmapped
  uint64_t dso_address = 0;  // the address as the DSO counts; the address itself if unmapped
  uint64_t looked_up = 0;    // the same of what was looked up: the call before a return address
  Symbol symbol;
};

class Embedded;

class Recording {
 public:
  ~Recording();
  static Result<std::unique_ptr<Recording>> open(const InputOptions& options);
  static Result<std::unique_ptr<Recording>> from_reader(std::unique_ptr<Reader> reader,
                                                        const InputOptions& options);

  const Reader& reader() const { return *reader_; }
  const EventTable& events() const { return reader_->events(); }
  /// Whether every record lies in the mapped file, so that its bytes stay valid.
  bool in_place() const { return in_place_; }
  const RecordingStats& stats() const { return stats_; }
  DeferredChains& deferred_chains() { return deferred_chains_; }
  const ProcessTable& processes() const { return processes_; }
  const DsoTable& dsos() const { return dsos_; }
  Symbolizer& symbolizer() { return *symbolizer_; }
  /// What the recording brings along; nullptr if it does not, or if it is not to be used.
  const Embedded* embedded() const { return embedded_.get(); }
  const SymbolizerOptions& symbol_options() const { return symbol_options_; }
  StringTable& strings() { return *strings_; }
  /// Adds a sentence to warnings(), once.
  void warn_once(std::string warning);
  /// What to tell the user after the output: cut files, replaced binaries, missing symbols.
  std::vector<std::string> warnings() const;

  /// The name of a thread: what it was called at that time, "swapper" for the idle task, ":TID" for
  /// one that was never named.
  StringId comm_of(const ThreadState& state, uint32_t pid, uint32_t tid);

  /// The path of a cgroup by its id; "unknown" for one that the recording does not name.
  std::string_view cgroup_name(uint64_t id) const;

  /// The cgroup namespace of a thread at a time, "4/0xeffffffb" (device and inode); "0/0" for one
  /// that the recording does not tell.
  std::string cgroup_namespace(uint32_t tid, uint64_t time) const;

  /// Maps and names an address. Costs a search and a symbol lookup: callers keep the answer for
  /// equal (process, version, mode, address).
  ResolvedAddress resolve(const ThreadState& state, uint64_t time, CpuMode mode,
                          FrameAddress address);

  /// What holds an address, as resolve() takes it; nullptr if nothing does.
  const Mapping* mapping_of(const ThreadState& state, uint64_t time, CpuMode mode,
                            VirtAddr address) const;

  /// Whose an address is that comes with a sample, of data or of a branch: the kernel's or that of
  /// the process, on the side (host or guest) that the sample was taken on.
  CpuMode mode_of(CpuMode sampled, uint64_t time, VirtAddr address) const;

  /// Whether code of a JIT compiler may lie there (nullptr: where nothing is mapped): it lies in
  /// memory without a file, or with one that has no name. Perf maps and jitdumps tell what it is.
  bool may_be_generated(const Mapping* mapping) const;

  /// Pass two, in the order of the file: visit(const SampleRecord&) for every sample that decodes,
  /// while it returns true, if it returns anything.
  template <std::invocable<const SampleRecord&> Visit>
  void for_each_sample(Visit&& visit) {
    RecordCursor cursor(*reader_);
    const Decoder decoder(events(), reader_->swapped());
    RecordView view;
    SampleRecord sample;
    while (cursor.next(view)) {
      if (view.header.type != kRecordSample || !decoder.sample(view, sample)) continue;
      if constexpr (std::is_void_v<std::invoke_result_t<Visit, const SampleRecord&>>) {
        visit(sample);
      } else {
        if (!visit(sample)) return;
      }
    }
  }

  /// All of them in the order of time.
  template <std::invocable<const SampleRecord&> Visit>
  void for_each_sample_in_order(Visit&& visit) {
    const Decoder decoder(events(), reader_->swapped());
    SampleRecord sample;
    for_each_in_order([&](const RecordView& view, uint64_t) {
      if (view.header.type == kRecordSample && decoder.sample(view, sample)) visit(sample);
    });
  }

  /// Pass two, in the order of time: every record with its time. Records without one come at their
  /// place in the file, with the time 0.
  void for_each_in_order(const std::function<void(const RecordView&, uint64_t time)>& visit);

 private:
  Recording();
  void read_embedded();
  Result<void> pass_one(const InputOptions& options);
  void note(const RecordView& view, const Decoder& decoder);
  void note_mapping(const MmapRecord& mmap);
  void note_kernel_mapping(const MmapRecord& mmap, Mapping mapping);
  void note_guest_mapping(const MmapRecord& mmap, Mapping mapping);
  void note_ksymbol(const KsymbolRecord& ksymbol);
  void note_namespaces(const NamespacesRecord& record);
  void apply_build_ids();
  void compare_machines();
  void add_generated_code();
  static bool is_header_record(uint32_t type);

  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Embedded> embedded_;
  std::unique_ptr<StringTable> strings_ = std::make_unique<StringTable>();
  DsoTable dsos_;
  ProcessTable processes_;
  JitDumps jit_dumps_;
  RecordedFiles recorded_files_;
  DeferredChains deferred_chains_;
  std::unique_ptr<Symbolizer> symbolizer_;
  SymbolizerOptions symbol_options_;
  KernelInfo kernel_;
  std::optional<Mapping> kernel_mapping_;
  std::unordered_map<uint64_t, std::string> cgroups_;  // paths by id
  struct NamespaceSpan {
    uint64_t begin = 0, device = 0, inode = 0;
  };
  std::unordered_map<uint32_t, std::vector<NamespaceSpan>> cgroup_namespaces_;  // by tid
  RecordingStats stats_;
  bool in_place_ = false;
  std::vector<std::string> warnings_;
};

}  // namespace prof
