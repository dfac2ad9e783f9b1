// Walks every stack copy of a recording by the tables and by libunwind: how many stacks reach their
// root, and where the two disagree. Run by bench/completeness, which reads its lines:
//
//   copies SAMPLES WITHOUT_USER TOO_SMALL REACHED     TOO_SMALL: cut, and other copies of the
//   thread
//                                                     end higher; REACHED: of all others
//   frames COMPARED EQUAL SAMPLES                     in stacks that libunwind walks to the root
//   stop SAMPLES WHY FILE                             of those that should have reached it, and did
//                                                     not; FILE: where the last frame is
//   differs SAMPLES FRAMES CLASS FILE                 FILE: of the frame whose callers differ
#include <elf.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "report/code_maps.h"
#include "report/recording.h"
#include "unwind/libunwind_unwinder.h"
#include "unwind/table_unwinder.h"
#include "unwind/user_state.h"

using namespace prof;

namespace {

constexpr size_t kMaxFrames = 4096;
using Chain = std::vector<FrameAddress>;

const char* name_of(UnwindStop stop) {
  static constexpr const char* kNames[] = {
      "end-of-stack", "no-mapping",  "no-unwind-info", "unsupported-rule",
      "outside-copy", "no-progress", "frame-limit",    "unsupported-machine"};
  return kNames[static_cast<size_t>(stop)];
}

struct Difference {
  uint64_t samples = 0, frames = 0;
};

class Comparison {
 public:
  explicit Comparison(Recording& recording)
      : recording_(recording),
        maps_(recording),
        fallback_(make_libunwind_unwinder()),
        libunwind_(make_libunwind_unwinder()),
        table_(maps_.dictionary()),
        complete_(maps_.dictionary(), fallback_.get()) {}

  bool possible() const { return libunwind_ != nullptr; }

  void run() {
    recording_.for_each_sample([this](const SampleRecord& sample) {
      uint64_t& top = stack_tops_[sample.tid];
      top = std::max(top, end_of(sample));
    });
    recording_.for_each_sample([this](const SampleRecord& sample) {
      if (!sample.user_registers.empty() && !sample.user_stack.empty()) compare(sample);
    });
    std::printf("copies %lu %lu %lu %lu\n", copies_, without_user_, too_small_, reached_);
    std::printf("frames %lu %lu %lu\n", compared_, equal_, compared_samples_);
    for (const auto& [key, samples] : stops_) {
      std::printf("stop %lu %s %s\n", samples, key.first.c_str(), key.second.c_str());
    }
    for (const auto& [key, difference] : differences_) {
      std::printf("differs %lu %lu %s %s\n", difference.samples, difference.frames,
                  key.first.c_str(), key.second.c_str());
    }
  }

 private:
  void compare(const SampleRecord& sample) {
    ++copies_;
    const ThreadState state = recording_.processes().state_at(sample.pid, sample.tid, sample.time);
    const perf_event_attr& attr = recording_.events()[sample.event].attr;
    const UserState user = user_state(EM_X86_64, sample.user_abi, attr.sample_regs_user,
                                      sample.user_registers, sample.user_stack);
    CodeMap& map = maps_.of(state, sample.time);
    UnwindStop stop = complete_.unwind(map, user, kMaxFrames, ours_);
    // A task that has just begun or is about to end has the kernel's registers.
    if (!ours_.empty() && raw(ours_.front().addr) >> 63 != 0) {
      ++without_user_;
      return;
    }
    const bool holds_root = end_of(sample) == stack_tops_[sample.tid];
    if (stop == UnwindStop::EndOfStack) {
      ++reached_;
    } else if (stop == UnwindStop::StackTruncated && !holds_root) {
      ++too_small_;
    } else {
      ++stops_[{name_of(stop), file_of(state, sample.time, ours_)}];
    }
    stop = table_.unwind(map, user, kMaxFrames, ours_);
    if (libunwind_->unwind(map, user, kMaxFrames, theirs_) != UnwindStop::EndOfStack) return;
    ++compared_samples_;
    compared_ += theirs_.size();
    const size_t same = equal_frames();
    equal_ += same;
    if (same == theirs_.size() && same == ours_.size()) return;
    Chain callee(ours_.begin(), ours_.begin() + static_cast<ptrdiff_t>(same));
    auto& difference = differences_[{classify(same, stop), file_of(state, sample.time, callee)}];
    ++difference.samples;
    difference.frames += theirs_.size() - same;
  }

  /// The first byte above a sample's copy; sp is the user's, whatever was interrupted.
  uint64_t end_of(const SampleRecord& sample) const {
    const perf_event_attr& attr = recording_.events()[sample.event].attr;
    const UserState user = user_state(EM_X86_64, sample.user_abi, attr.sample_regs_user,
                                      sample.user_registers, sample.user_stack);
    return raw(user.stack_begin) + user.stack.size();
  }

  /// From the leaf to the first that differs.
  size_t equal_frames() const {
    const size_t most = std::min(ours_.size(), theirs_.size());
    for (size_t i = 0; i < most; ++i) {
      if (ours_[i].lookup() != theirs_[i].lookup()) return i;
    }
    return most;
  }

  /// The causes that bench/completeness explains.
  std::string classify(size_t same, UnwindStop stop) const {
    if (same == theirs_.size()) return "table-goes-on";
    if (same == ours_.size()) return std::string("table-stops:") + name_of(stop);
    if (ours_[same].addr == theirs_[same].addr) return "call-or-interrupted";
    const auto skips = [same](const Chain& longer, const Chain& shorter) {
      return same + 1 < longer.size() && longer[same + 1].addr == shorter[same].addr;
    };
    if (skips(ours_, theirs_)) return "libunwind-skips-a-frame";
    if (skips(theirs_, ours_)) return "table-skips-a-frame";
    return same == 1 ? "other-caller-of-leaf" : "other-caller";
  }

  std::string file_of(const ThreadState& state, uint64_t time, const Chain& chain) const {
    if (chain.empty()) return "-";
    const Mapping* mapping =
        recording_.processes().find(state.process, time, chain.back().lookup());
    if (!mapping) return "unmapped";
    std::string name(recording_.dsos()[mapping->dso].short_name);
    std::ranges::replace(name, ' ', '_');
    return name;
  }

  Recording& recording_;
  CodeMaps maps_;
  std::unique_ptr<Unwinder> fallback_, libunwind_;
  TableUnwinder table_, complete_;  // as such; as prof report has it
  Chain ours_, theirs_;
  std::map<uint32_t, uint64_t> stack_tops_;  // by thread: the highest end of a copy
  uint64_t copies_ = 0, without_user_ = 0, too_small_ = 0, reached_ = 0;
  uint64_t compared_ = 0, equal_ = 0, compared_samples_ = 0;
  std::map<std::pair<std::string, std::string>, uint64_t> stops_;
  std::map<std::pair<std::string, std::string>, Difference> differences_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_completeness RECORDING\n");
    return 2;
  }
  InputOptions options;
  options.path = argv[1];
  options.symbols.ignore_embedded = true;
  auto recording = Recording::open(options);
  if (!recording) {
    std::fprintf(stderr, "%s: %s\n", argv[1], recording.error().message.c_str());
    return 1;
  }
  Comparison comparison(**recording);
  if (!comparison.possible()) {
    std::fprintf(stderr, "built without libunwind\n");
    return 77;
  }
  comparison.run();
  return 0;
}
