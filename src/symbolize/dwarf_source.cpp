#include "symbolize/dwarf_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "symbolize/dwarf_names.h"
#include "symbolize/dwarf_worker.h"

namespace prof {

namespace {

constexpr unsigned kMostThreads = 4;
// Bytes of .debug_info below which threads cost more than they bring, and answers are as soon made
// again as found.
constexpr uint64_t kWorthThreads = uint64_t{1} << 20;
constexpr uint64_t kWorthKeeping = uint64_t{1} << 18;
// Units of the other threads, which may still be read, lie at most so far behind.
constexpr uint64_t kKeepBehind = uint64_t{32} << 20;

}  // namespace

struct DwarfSource::Impl {
  Impl(const DebugFiles& files, DwarfOptions opts)
      : options(std::move(opts)),
        main(files.dwarf.file, options.hold_up_to),
        split(files.binary_path, files.dwarf.path, options.symfs) {
    if (files.alt) alt = std::make_unique<DwarfFile>(files.alt.file, options.hold_up_to);
  }

  DwarfOptions options;
  DwarfFile main;
  std::unique_ptr<DwarfFile> alt;
  SplitUnits split;
};

namespace {

/// One question: hands units to the threads, and collects what they find.
class Question {
 public:
  Question(std::span<const uint64_t> addresses, DwarfFile& file, DwarfFile* alt, SplitUnits& split)
      : addresses_(addresses), file_(file), alt_(alt), split_(split), answers_(addresses.size()) {
    const size_t known = file_.index.size();
    for (size_t i = 0; i < known; ++i) {
      if (may_hold(file_.index[i])) known_.push_back(i);
    }
  }

  void ask(unsigned threads) {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
    work();
  }
  DwarfAnswers& answers() { return answers_; }

 private:
  struct Job {
    size_t unit = 0;
    IndexedUnit indexed;  // a copy: the index grows meanwhile
    std::span<const std::byte> bytes;
    ByteBuffer buffer;
  };

  bool may_hold(const IndexedUnit& unit) const {
    if (!unit.examined || unit.unbounded) return true;
    return std::ranges::any_of(unit.ranges, [&](const AddressRange& range) {
      const auto first = std::ranges::lower_bound(addresses_, range.low);
      return first != addresses_.end() && *first < range.high;
    });
  }
  bool next(Job& job);
  void work();

  std::span<const uint64_t> addresses_;
  DwarfFile& file_;
  DwarfFile* alt_;  // only read
  SplitUnits& split_;
  std::vector<size_t> known_;  // units met in an earlier question, that hold some address
  size_t next_known_ = 0;
  std::mutex reading_;  // guards file_ and known_
  std::mutex writing_;  // guards answers_
  DwarfAnswers answers_;
  std::atomic<size_t> unanswered_ = 1;  // a hint for the readers
};

/// Inflating is serial by nature: it is done here, under the lock, while other threads walk through
/// the units they got before.
bool Question::next(Job& job) {
  const std::lock_guard lock(reading_);
  size_t kept = 0;
  if (next_known_ < known_.size()) {
    job.unit = known_[next_known_++];
  } else if (unanswered_.load(std::memory_order_relaxed) == 0) {
    return false;  // units further down have no better claim
  } else if (const auto met = file_.index.meet_next(file_.sections, job.buffer, kept)) {
    job.unit = *met;
  } else {
    return false;
  }
  IndexedUnit& indexed = file_.index[job.unit];
  const UnitHeader& header = indexed.header;
  job.indexed = {header, std::move(indexed.ranges), indexed.examined, indexed.unbounded};
  SectionData& info = file_.sections.info;
  job.bytes = info.read(header.offset, header.size, job.buffer, kept);
  if (header.offset > kKeepBehind) info.drop_before(header.offset - kKeepBehind);
  return true;
}

void Question::work() {
  DwarfWorker worker(addresses_, file_.sections, alt_ ? &alt_->sections : nullptr, split_);
  Job job;
  UnitAnswer answer;
  while (next(job)) {
    const bool found = !job.bytes.empty() && worker.examine(job.indexed, job.bytes, answer);
    {
      const std::lock_guard lock(reading_);
      file_.index[job.unit] = std::move(job.indexed);
    }
    if (!found) continue;
    const std::lock_guard lock(writing_);
    answers_.add(answer);
    unanswered_.store(answers_.unanswered(), std::memory_order_relaxed);
  }
}

void visit_all(const DwarfAnswers& answers, size_t count, const DwarfSource::Visit& visit) {
  std::vector<SourceFrame> frames;
  for (size_t i = 0; i < count; ++i) {
    const DwarfAnswers::Answer& answer = answers[i];
    frames.clear();
    SourceFrame frame;
    if (answer.has_line) {
      frame.file = answers.text(answer.file);
      frame.line = answer.line;
    }
    if (!answers.has_function(i) && answer.has_line) frames.push_back(frame);
    for (uint32_t s = answer.scope; s != DwarfScope::kNone; s = answers.scope(s).parent) {
      const KnownScope& scope = answers.scope(s);
      frame.name = answers.text(scope.name);
      frame.inlined = scope.inlined;
      frames.push_back(frame);
      frame = {{}, false, answers.text(scope.call_file), scope.call_line};
    }
    visit(i, frames);
  }
}

}  // namespace

DwarfSource::DwarfSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DwarfSource::DwarfSource(DwarfSource&&) noexcept = default;
DwarfSource& DwarfSource::operator=(DwarfSource&&) noexcept = default;
DwarfSource::~DwarfSource() = default;

Result<DwarfSource> DwarfSource::open(const DebugFiles& files, DwarfOptions options) {
  if (!files.dwarf) return fail("'" + files.binary_path + "' has no debug information");
  auto impl = std::make_unique<Impl>(files, std::move(options));
  if (impl->main.sections.info.empty()) {
    return fail("the debug information in '" + files.dwarf.path + "' cannot be read");
  }
  return DwarfSource(std::move(impl));
}

bool DwarfSource::worth_keeping() const {
  return impl_->main.sections.info.size() >= kWorthKeeping && !impl_->split.asked();
}

void DwarfSource::resolve(std::span<const ElfAddr> ascending, const Visit& visit) {
  std::vector<uint64_t> addresses;
  addresses.reserve(ascending.size());
  for (const ElfAddr addr : ascending) addresses.push_back(raw(addr));
  if (addresses.empty()) return;

  DwarfFile& main = impl_->main;
  main.sections.load();
  if (impl_->alt) impl_->alt->sections.load();
  unsigned threads = impl_->options.threads;
  if (threads == 0) threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  if (main.sections.info.size() < kWorthThreads) threads = 1;
  Question question(addresses, main, impl_->alt.get(), impl_->split);
  question.ask(threads);
  resolve_pending_names(question.answers(), main, impl_->alt.get());
  main.sections.release();
  if (impl_->alt) impl_->alt->sections.release();
  visit_all(question.answers(), addresses.size(), visit);
}

}  // namespace prof
