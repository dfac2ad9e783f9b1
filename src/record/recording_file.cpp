#include "record/recording_file.h"

#include <fcntl.h>

#include <algorithm>

#include "perfdata/encode.h"

namespace prof {

RecordingTotals& RecordingTotals::operator+=(const RecordingTotals& other) {
  files += other.files;
  samples += other.samples;
  lost += other.lost;
  throttled += other.throttled;
  shortened += other.shortened;
  written.bytes_in += other.written.bytes_in;
  written.bytes_out += other.written.bytes_out;
  kept.files += other.kept.files;
  kept.bytes += other.kept.bytes;
  return *this;
}

Result<std::unique_ptr<RecordingFile>> RecordingFile::create(const RecordOptions& options,
                                                             std::span<const EventAttr> events,
                                                             const Features& host) {
  auto output = options.take ? OutputFile::create_unnamed() : OutputFile::create(options.output);
  if (!output) return tl::unexpected(output.error());
  std::unique_ptr<RecordingFile> file(new RecordingFile(options, events, host, std::move(*output)));
  if (auto done = file->start(); !done) return tl::unexpected(done.error());
  return file;
}

Result<void> RecordingFile::start() {
  if (options_.take) unnamed_.reset(::fcntl(output_.fd(), F_DUPFD_CLOEXEC, 3));
  WriterOptions writer_options;
  writer_options.path = options_.output;
  writer_options.pipe = output_.is_pipe();
  writer_options.compression_level = options_.compression_level;
  writer_options.repeats = options_.call_graph != CallGraph::Dwarf || options_.live;
  writer_options.max_size = options_.max_size;
  auto writer = Writer::create(output_.take_fd(), writer_options, events_, host_);
  if (!writer) return tl::unexpected(writer.error());
  writer_ = std::move(*writer);
  if (options_.cache.enabled()) keeper_ = std::make_unique<FileKeeper>(options_.cache);
  tally_ = std::make_unique<Tally>(events_.front().attr, keeper_.get());
  queue_ = std::make_unique<WriteQueue>(*writer_, *tally_);
  queue_->set_full_size(options_.switch_output.size);
  trimmer_ = std::make_unique<StackTrimmer>(events_);
  return {};
}

void RecordingFile::push(std::span<const std::byte> records) {
  if (!records.empty()) queue_->push({records.begin(), records.end()}, false);
}

void RecordingFile::end_description() {
  RecordEncoder end(0);
  end.finished_init();
  push(end.view());
  queue_->end_description();
}

Result<void> RecordingFile::finish() {
  Result<void> written = queue_->finish();
  if (!events_.front().attr.build_id) tally_->read_missing_build_ids();
  const auto finished = writer_->finish(features());
  if (keeper_) kept_ = keeper_->finish();
  return written ? finished : written;
}

Features RecordingFile::features() const {
  Features features = host_;
  features.sample_time = tally_->sample_time();
  features.build_ids = tally_->build_ids();
  if (features.compression) {
    const auto stats = writer_->stats();
    const uint64_t ratio = stats.bytes_in / std::max<uint64_t>(stats.bytes_out, 1);
    features.compression->ratio = static_cast<uint32_t>(std::max<uint64_t>(ratio, 1));
  }
  return features;
}

RecordingTotals RecordingFile::totals() const {
  RecordingTotals totals;
  totals.files = 1;
  totals.samples = tally_->samples();
  totals.lost = tally_->lost();
  totals.throttled = tally_->throttled();
  totals.shortened = trimmer_->shortened();
  totals.written = writer_->stats();
  totals.kept = kept_;
  return totals;
}

}  // namespace prof
