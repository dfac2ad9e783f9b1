#include "record/live_unwinder.h"

#include <algorithm>
#include <utility>

#include "perfdata/record_walk.h"

namespace prof {

namespace {

// At the end, nobody wants to wait for long.
constexpr auto kPatience = std::chrono::seconds(5);
// Nor at the beginning.
constexpr auto kPreparing = std::chrono::seconds(2);

/// What of a batch comes when.
struct Turn {
  uint64_t time = 0;
  bool is_walk = false;  // after the records of the same time
  size_t at = 0;         // offset of the record, or index of the walk
  auto operator<=>(const Turn&) const = default;
};

}  // namespace

LiveUnwinder::LiveUnwinder(std::span<const EventAttr> events, const DiskCache& cache)
    : events_(EventTable::of(events)),
      decoder_(events_, false),
      modules_(cache),
      spaces_(modules_),
      unwinder_(modules_.rules()) {
  thread_ = std::thread([this] { run(); });
}

LiveUnwinder::~LiveUnwinder() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<void> LiveUnwinder::inform(BpfObject& object) {
  auto tables = KernelTables::open(object, modules_);
  if (!tables) return tl::unexpected(tables.error());
  tables_ = std::move(*tables);
  return {};
}

void LiveUnwinder::push(std::vector<std::byte> records, std::vector<LiveWalk> walks) {
  if (records.empty() && walks.empty()) return;
  outstanding_ += walks.size();
  {
    const std::lock_guard lock(mutex_);
    for (LiveWalk& walk : walks) {
      if (waiting_bytes_ + walk.stack.size() > kBound) {
        walk.stack = {};
        ++without_copy_;
      }
      waiting_bytes_ += walk.stack.size();
    }
    waiting_.push_back({std::move(records), std::move(walks), {}, {}});
  }
  changed_.notify_all();
}

void LiveUnwinder::prepare(std::vector<std::string> files, std::vector<uint32_t> processes) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({{}, {}, std::move(files), std::move(processes)});
  }
  changed_.notify_all();
  drain(kPreparing);
}

std::vector<LiveChain> LiveUnwinder::take() {
  std::vector<LiveChain> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  outstanding_ -= done.size();
  walks_ += done.size();
  whole_ +=
      static_cast<uint64_t>(std::ranges::count(done, UnwindStop::EndOfStack, &LiveChain::stop));
  return done;
}

bool LiveUnwinder::drain(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return !busy_ && waiting_.empty(); });
}

void LiveUnwinder::finish() {
  if (drain(kPatience)) return;
  hurried_ = true;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !busy_ && waiting_.empty(); });
  }
  hurried_ = false;
}

void LiveUnwinder::run() {
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
      if (closed_) return;
      batch = std::move(waiting_.front());
      waiting_.pop_front();
      for (const LiveWalk& walk : batch.walks) waiting_bytes_ -= walk.stack.size();
      busy_ = true;
    }
    std::vector<LiveChain> done;
    work_on(batch, done);
    {
      const std::lock_guard lock(mutex_);
      std::ranges::move(done, std::back_inserter(done_));
      busy_ = false;
    }
    changed_.notify_all();
  }
}

/// Records of different CPUs lie one after the other; what they tell of came in the order of time.
void LiveUnwinder::work_on(Batch& batch, std::vector<LiveChain>& done) {
  std::vector<Turn> turns;
  const std::span<const std::byte> bytes(batch.records);
  const auto view_at = [&](size_t at) {
    RecordView view;
    view.header = record_header(bytes.subspan(at));
    view.payload = bytes.subspan(at + sizeof view.header, view.header.size - sizeof view.header);
    return view;
  };
  for_each_record(bytes, [&](const perf_event_header& header, std::span<const std::byte> payload) {
    if (header.type == kRecordSample) return;
    const auto at = static_cast<size_t>(payload.data() - bytes.data()) - sizeof header;
    turns.push_back({decoder_.time_of(view_at(at)).value_or(0), false, at});
  });
  for (size_t i = 0; i < batch.walks.size(); ++i) turns.push_back({batch.walks[i].time, true, i});
  std::ranges::sort(turns);
  for (const Turn& turn : turns) {
    if (turn.is_walk) {
      done.push_back(walk(batch.walks[turn.at]));
    } else {
      apply(view_at(turn.at));
    }
  }
  for (const std::string& file : batch.files) modules_.prepare(file);
  if (tables_ && !batch.files.empty()) tables_->place_tables();
  for (const uint32_t pid : batch.processes) prepare_process(pid);
  for (const uint32_t ended : spaces_.forget_ended()) {
    if (tables_) tables_->forget(ended);
  }
}

void LiveUnwinder::apply(const RecordView& view) {
  const auto record = decoder_.decode(view);
  if (!record) return;
  const uint32_t changed = spaces_.apply(*record);
  // The program must not go on with mappings that have been replaced; it will ask again.
  if (!tables_ || changed == 0) return;
  if (tables_->is_published(changed)) tables_->forget(changed);
  const auto* task = std::get_if<TaskRecord>(&*record);
  if (task && task->fork) tables_->inherit(task->pid, task->parent_pid);
}

void LiveUnwinder::prepare_process(uint32_t pid) {
  LiveSpace* space = spaces_.find(pid);
  const uint64_t exec_pages = exec_pages_of(pid);
  if (!space || !tables_ || exec_pages == 0) return;
  for (const LiveMapping& mapping : space->mappings()) {
    if (mapping.module.valid()) modules_.table_of(mapping.module);
  }
  tables_->publish(pid, *space, exec_pages);
}

LiveChain LiveUnwinder::walk(LiveWalk& walk) {
  LiveChain chain;
  chain.key = walk.key;
  chain.stop = UnwindStop::NoMapping;
  if (hurried_) {
    ++given_back_;
    chain.stop = UnwindStop::StackTruncated;
    return chain;
  }
  walk.user.stack = walk.stack;
  LiveSpace* space = walk.has_user ? spaces_.find(walk.pid) : nullptr;
  if (!space) return chain;
  chain.stop = unwinder_.unwind(*space, walk.user, kMaxFrames, frames_);
  for (const FrameAddress& frame : frames_) {
    chain.frames.push_back(as_recorded(frame, chain.frames.empty()));
  }
  if (tables_) tables_->publish(walk.pid, *space, walk.exec_pages);
  return chain;
}

}  // namespace prof
