#include "report/merge_input.h"

#include <algorithm>
#include <filesystem>

#include "perfdata/record_order.h"
#include "report/packed_input.h"

namespace prof {

namespace {

constexpr std::string_view kKernelName = "[kernel.kallsyms]";

bool is_header_record(uint32_t type) {
  return type == kRecordHeaderAttr || type == kRecordHeaderFeature ||
         type == kRecordHeaderTracingData || type == kRecordHeaderBuildId ||
         type == kRecordEventUpdate;
}

}  // namespace

Result<std::unique_ptr<MergeInput>> MergeInput::open(const std::string& path) {
  auto input = open_packed_input(path);
  if (!input) return tl::unexpected(std::move(input.error()));
  auto reader = open_reader(std::move(*input));
  if (!reader) return tl::unexpected(std::move(reader.error()));
  std::unique_ptr<MergeInput> merged(new MergeInput);
  merged->reader_ = std::move(*reader);
  if (auto done = merged->read_header(); !done) return tl::unexpected(std::move(done.error()));
  return merged;
}

Result<void> MergeInput::read_header() {
  if (reader_->swapped()) {
    return fail("'" + reader_->path() + "' is of a machine of the other byte order",
                "recordings can be merged on a machine like their own");
  }
  raw_events_ = prof::raw_events(*reader_);
  RecordCursor cursor(*reader_);
  std::optional<Decoder> decoder;
  RecordView view;
  while (cursor.next(view)) {
    const uint32_t type = view.header.type;
    has_rounds_ = has_rounds_ || type == kRecordFinishedRound;
    if (is_header_record(type)) {
      const size_t before = reader_->events().size();
      reader_->apply_header_record(view);
      decoder.reset();
      if (reader_->events().size() == before) continue;
      const EventAttr& event = reader_->events()[before];
      const auto attr =
          view.payload.first(std::min<size_t>(event.recorded_size, view.payload.size()));
      raw_events_.push_back({{attr.begin(), attr.end()}, event.ids, {}});
    } else if (type == kRecordMmap || type == kRecordMmap2) {
      if (!decoder) decoder.emplace(reader_->events(), false);
      note_mapping(view, *decoder);
    }
  }
  warnings_.insert(warnings_.end(), cursor.warnings().begin(), cursor.warnings().end());
  if (auto done = reader_->finish_events(); !done) return done;
  for (size_t i = 0; i < raw_events_.size(); ++i) {
    raw_events_[i].name = reader_->events()[i].name;
    raw_events_[i].ids = reader_->events()[i].ids;
  }
  const Features& features = reader_->features();
  // Without a name of its host a recording is of one that nobody else is of.
  host_ = features.hostname.value_or(std::filesystem::path(reader_->path()).filename().string());
  kernel_.release = features.os_release.value_or("");
  for (const BuildIdEntry& entry : features.build_ids) {
    if (entry.filename.starts_with(kKernelName)) kernel_.build_id = entry.build_id;
  }
  complete_files();
  if (!features.tracing_data.empty()) {
    if (auto tracing = decode_tracing_data(features.tracing_data)) tracing_ = std::move(*tracing);
  }
  return {};
}

void MergeInput::note_mapping(const RecordView& view, const Decoder& decoder) {
  const auto record = decoder.decode(view);
  const auto* mmap = record ? std::get_if<MmapRecord>(&*record) : nullptr;
  if (!mmap) return;
  note_file(*mmap, files_);
  if (kernel_.end != 0 || !mmap->filename.starts_with(kKernelName)) return;
  kernel_.start = mmap->start;
  kernel_.end = mmap->start + mmap->length;
  kernel_.build_id = mmap->build_id;
}

/// Build ids that the header tells are those of the files that tell none themselves.
void MergeInput::complete_files() {
  for (const BuildIdEntry& entry : reader_->features().build_ids) {
    const auto file = files_.find(entry.filename);
    if (file != files_.end() && !file->second.in_mapping) file->second.build_id = entry.build_id;
  }
  const auto kernel = files_.find(std::string(kKernelName));
  if (kernel != files_.end()) kernel->second.build_id = kernel_.build_id;
}

std::vector<std::string> MergeInput::warnings() const {
  std::vector<std::string> all = reader_->warnings();
  all.insert(all.end(), warnings_.begin(), warnings_.end());
  return all;
}

void MergeInput::set_rebase(Rebase rebase) {
  decoder_.emplace(reader_->events(), false);
  cursor_.emplace(*reader_);
  rebaser_.emplace(reader_->events(), *decoder_, std::move(rebase));
  sorter_.emplace([this](const RecordView& view, uint64_t time) { wait(view, time); });
  is_sorted_ = !has_rounds_ && is_one_ordered_round(*reader_, *decoder_);
}

void MergeInput::wait(const RecordView& view, uint64_t time) {
  Waiting& waiting = waiting_.emplace_back();
  waiting.time = time;
  waiting.view = view;
  // The sorter's copies are gone when its round is.
  waiting.copy.assign(view.payload.begin(), view.payload.end());
  waiting.view.payload = waiting.copy;
}

/// At least one record to give, or the end.
void MergeInput::fill() {
  RecordView view;
  while (waiting_.empty() && !ended_) {
    if (!cursor_->next(view)) {
      sorter_->finish();
      ended_ = true;
    } else if (view.header.type == kRecordFinishedRound) {
      if (!reader_->has_parts()) sorter_->finish_round();  // else of one file of several
    } else if (!is_header_record(view.header.type)) {
      // Where not all records have a time, what happened first is told by the file alone: a fork,
      // which always has one, must not come behind the new name of its thread.
      const bool timed = view.header.type == kRecordSample || reader_->events().empty() ||
                         reader_->events()[decoder_->event_of(view)].attr.sample_id_all;
      const uint64_t time = timed ? decoder_->time_of(view).value_or(0) : 0;
      const uint64_t known = time == UINT64_MAX ? 0 : time;
      if (is_sorted_) {
        wait(view, known);
      } else {
        sorter_->add(view, known, cursor_->stable());
      }
    }
  }
}

std::optional<uint64_t> MergeInput::next_time() {
  fill();
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().time;
}

bool MergeInput::next(RecordView& out) {
  RecordView view = waiting_.front().view;
  taken_ = std::move(waiting_.front().copy);
  view.payload = taken_;
  waiting_.pop_front();
  if (rebaser_->rewrite(view, out)) return true;
  // perf's own notes of a recording are made anew, or of no use in another file.
  if (view.header.type < kRecordHeaderAttr) ++left_out_;
  return false;
}

}  // namespace prof
