#include "report/stack_walker.h"

#include <algorithm>
#include <string_view>

#include "object/machine.h"
#include "report/callchain.h"
#include "report/embedded.h"
#include "unwind/libunwind_unwinder.h"
#include "unwind/user_state.h"

namespace prof {

namespace {

/// The machine that was recorded, as the header names it; without a header, one like ours.
uint16_t machine_of(const Features& features) {
#if defined(__aarch64__)
  constexpr std::string_view kOurs = "aarch64";
#else
  constexpr std::string_view kOurs = "x86_64";
#endif
  return elf_machine_of(features.arch ? std::string_view(*features.arch) : kOurs);
}

}  // namespace

StackWalker::StackWalker(Recording& recording, bool join)
    : recording_(recording),
      has_copies_(std::ranges::any_of(
          recording.events().all(),
          [](const EventAttr& event) { return event.has(PERF_SAMPLE_STACK_USER); })),
      has_ends_(std::ranges::any_of(recording.events().all(), &EventAttr::is_unwound)),
      has_branches_(
          std::ranges::any_of(recording.events().all(), &EventAttr::has_branch_callchain)),
      is_deferred_(!recording.deferred_chains().empty() ||
                   std::ranges::any_of(recording.events().all(), &EventAttr::defers_callchains)),
      join_(join),
      machine_(machine_of(recording.reader().features())),
      maps_(recording),
      fallback_(has_copies_ ? make_libunwind_unwinder() : nullptr),
      unwinder_(maps_.dictionary(), fallback_.get()) {}

StackWalker::~StackWalker() = default;

/// A chain that has a user part was walked by the kernel, whatever else was copied.
bool StackWalker::has_copy(const SampleRecord& sample) const {
  if (!has_copies_ || sample.user_registers.empty() || sample.user_stack.empty()) return false;
  for (size_t i = 0; i + 1 < sample.callchain.size(); ++i) {
    if (sample.callchain[i] == kContextUser) return false;
  }
  return true;
}

/// Says why the walk ended as our own walks do.
U64View StackWalker::walked_while_recording(const U64View& chain) {
  size_t length = chain.size();
  while (length > 0 && chain[length - 1] == kContextUser) --length;
  const size_t marks = chain.size() - length;
  if (marks == 0 || marks > kUnwindStops) return chain;
  chain_.clear();
  for (size_t i = 0; i < length; ++i) chain_.push_back(chain[i]);
  chain_.push_back(kContextStop + marks - 1);
  return {std::as_bytes(std::span(chain_)), false};
}

/// The last branches are calls that have not returned (perf record --call-graph lbr): where they
/// lead is the sampled function, where they are is its caller, and so on. They take the place of
/// what the kernel found of the user's stack, in a chain that has such a part (perf's
/// resolve_lbr_callchain_sample).
U64View StackWalker::with_branches(const SampleRecord& sample) {
  constexpr size_t kWords = 3;  // from, to, flags
  const U64View branches(sample.branch_stack, sample.callchain.swapped());
  chain_.clear();
  for (size_t i = 0; i < sample.callchain.size(); ++i) {
    if (sample.callchain[i] == kContextUser && branches.size() >= kWords) {
      chain_.push_back(kContextUnwound);
      chain_.push_back(branches[1]);
      for (size_t at = 0; at + kWords <= branches.size(); at += kWords) {
        chain_.push_back(branches[at]);
      }
      return {std::as_bytes(std::span(chain_)), false};
    }
    chain_.push_back(sample.callchain[i]);
  }
  return sample.callchain;
}

/// A chain that ends by {PERF_CONTEXT_USER_DEFERRED, cookie} goes on in another record.
U64View StackWalker::with_deferred(const SampleRecord& sample) {
  const U64View& chain = sample.callchain;
  const size_t length = chain.size();
  if (length < 2 || chain[length - 2] != kContextUserDeferred) return chain;
  const auto rest = recording_.deferred_chains().find(sample.tid, chain[length - 1]);
  chain_.clear();
  for (size_t i = 0; i + 2 < length; ++i) chain_.push_back(chain[i]);
  chain_.insert(chain_.end(), rest.begin(), rest.end());
  return {std::as_bytes(std::span(chain_)), false};
}

U64View StackWalker::chain(const SampleRecord& sample, const ThreadState& state) {
  if (recording_.events()[sample.event].is_unwound())
    return walked_while_recording(sample.callchain);
  if (has_branches_ && !sample.branch_stack.empty() &&
      recording_.events()[sample.event].has_branch_callchain()) {
    return with_branches(sample);
  }
  if (!has_copy(sample)) return is_deferred_ ? with_deferred(sample) : sample.callchain;
  if (const Embedded* embedded = recording_.embedded()) {
    const auto chain = embedded->chain(sample.time, sample.tid);
    if (!chain.empty()) {
      cut_ = cut_ || std::ranges::find(chain, kContextJoined) != chain.end() ||
             chain.back() == raw(kTruncatedStack);
      return join_ ? U64View{std::as_bytes(chain), false} : unjoined(chain);
    }
  }
  chain_.clear();
  for (size_t i = 0; i < sample.callchain.size(); ++i) {
    if (sample.callchain[i] != kContextUser) chain_.push_back(sample.callchain[i]);
  }
  if (chain_.empty() && sample.cpu_mode() == CpuMode::Kernel && !only_recorded_) {
    chain_.push_back(kContextKernel);
    chain_.push_back(sample.ip);
  }
  const perf_event_attr& attr = recording_.events()[sample.event].attr;
  const UserState user = user_state(machine_, sample.user_abi, attr.sample_regs_user,
                                    sample.user_registers, sample.user_stack);
  UnwindStop stop = unwinder_.unwind(maps_.of(state, sample.time), user, kMaxFrames, frames_);
  // Where the registers are the kernel's, as of a sample that came late, there is no user stack.
  while (!frames_.empty() && raw(frames_.back().addr) >> 63 != 0) frames_.pop_back();
  ++stats_.walks;
  ++stats_.stops[static_cast<size_t>(stop)];
  stats_.frames += frames_.size();
  chain_.push_back(kContextUnwound);
  for (const FrameAddress& frame : frames_) chain_.push_back(raw(frame.lookup()));
  if (const auto callers = join(sample, state, stop); !callers.empty()) {
    chain_.push_back(kContextJoined);
    for (const auto& frame : callers) chain_.push_back(raw(frame.address.lookup()));
    stop = UnwindStop::EndOfStack;
  }
  chain_.push_back(kContextStop + static_cast<uint64_t>(stop));
  return {std::as_bytes(std::span(chain_)), false};
}

/// What completes frames_; keeps them if they are whole.
std::span<const StackJoiner::Frame> StackWalker::join(const SampleRecord& sample,
                                                      const ThreadState& state, UnwindStop stop) {
  cut_ = cut_ || stop == UnwindStop::StackTruncated;
  if (!joining_) return {};
  const auto stack_pointers = unwinder_.stack_pointers();
  if (stop == UnwindStop::StackTruncated) {
    return joiner_.join(sample.tid, state, frames_, stack_pointers);
  }
  if (stop == UnwindStop::EndOfStack) {
    joiner_.keep(sample.tid, state, frames_, stack_pointers);
  }
  return {};
}

/// An embedded chain as it was before it was joined.
U64View StackWalker::unjoined(std::span<const uint64_t> chain) {
  const auto mark = std::ranges::find(chain, kContextJoined);
  if (mark == chain.end()) return {std::as_bytes(chain), false};
  chain_.assign(chain.begin(), mark);
  chain_.push_back(raw(kTruncatedStack));
  return {std::as_bytes(std::span(chain_)), false};
}

void StackWalker::pass_over(const SampleRecord& sample) {
  if (!joining_ || recording_.embedded() || !has_copy(sample)) return;
  chain(sample, recording_.processes().state_at(sample.pid, sample.tid, sample.time));
}

}  // namespace prof
