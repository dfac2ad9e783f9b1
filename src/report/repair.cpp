#include "report/repair.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <set>

#include "perfdata/cursor.h"
#include "perfdata/decode.h"
#include "perfdata/event_format.h"
#include "perfdata/file_rewriter.h"
#include "perfdata/tracing_data.h"
#include "report/packed_input.h"

namespace prof {

namespace {

class Repair {
 public:
  explicit Repair(Reader& reader) : reader_(reader) {}

  /// What the header says, or in a pipe the records in its place.
  Result<void> read_header();
  Result<RepairResult> write(const std::string& path);

 private:
  void take_header_record(const RecordView& view);
  void take_file_features();
  void keep_feature(uint32_t bit, std::span<const std::byte> payload);
  void complete_tracing_data();
  bool keeps(const RecordView& view, const Decoder& decoder);

  Reader& reader_;
  std::vector<RawEvent> events_;
  std::map<uint32_t, std::vector<std::byte>> features_;
  std::vector<std::string> warnings_;
  RepairResult result_;
};

/// The features that say how the data section is to be read: it is another one now.
bool is_of_data(uint32_t bit) {
  return bit == kFeatureCompressed || bit == kFeatureDirFormat || bit == kFeatureAuxtrace ||
         bit == kFeatureEventDesc;
}

void Repair::keep_feature(uint32_t bit, std::span<const std::byte> payload) {
  // perf skips what it does not know; of that, names are of use to prof.
  constexpr uint32_t kFirstOfSimpleperf = 128;
  const bool has_names = bit == kFeatureEmbedded || bit == kFeatureFile || bit == kFeatureFile2 ||
                         bit == kFeatureMetaInfo;
  if (is_of_data(bit) || (bit >= kFirstOfSimpleperf && !has_names)) return;
  Features scratch = {};
  scratch.nr_cpus = reader_.features().nr_cpus;  // the topology is read by it
  if (!decode_feature(bit, ByteReader(payload, reader_.swapped()), scratch)) return;  // told of
  features_[bit].assign(payload.begin(), payload.end());
}

void Repair::take_file_features() {
  for (const auto& [bit, payload] : raw_features(reader_)) keep_feature(bit, payload);
}

void Repair::take_header_record(const RecordView& view) {
  const size_t events = reader_.events().size();
  reader_.apply_header_record(view);
  ByteReader reader(view.payload, reader_.swapped());
  switch (view.header.type) {
    case kRecordHeaderAttr: {
      if (reader_.events().size() == events) return;  // not readable
      const EventAttr& event = reader_.events()[events];
      const size_t size = std::min<size_t>(event.recorded_size, view.payload.size());
      const auto attr = view.payload.first(size);
      events_.push_back({{attr.begin(), attr.end()}, event.ids, {}});
      break;
    }
    case kRecordHeaderFeature: {
      const uint64_t bit = reader.u64();
      if (reader.ok() && bit < kFeatureBits && !reader.at_end()) {
        keep_feature(static_cast<uint32_t>(bit), reader.rest());
      }
      break;
    }
    case kRecordHeaderTracingData:
    case kRecordTracingData:
      keep_feature(kFeatureTracingData, reader_.features().tracing_data);
      break;
    case kRecordHeaderBuildId: {
      // The feature is a list of such records; those in the header say nothing of their type.
      perf_event_header header = view.header;
      header.type = 0;
      header.size = static_cast<uint16_t>(kRecordHeaderSize + view.payload.size());
      if (reader_.swapped()) {
        header.misc = byte_swapped(header.misc);
        header.size = byte_swapped(header.size);
      }
      auto& list = features_[kFeatureBuildId];
      const auto bytes = std::as_bytes(std::span(&header, 1));
      list.insert(list.end(), bytes.begin(), bytes.end());
      list.insert(list.end(), view.payload.begin(), view.payload.end());
      break;
    }
    default:
      break;
  }
}

Result<void> Repair::read_header() {
  events_ = raw_events(reader_);
  take_file_features();
  RecordCursor cursor(reader_);
  RecordView view;
  while (cursor.next(view)) {
    const uint32_t type = view.header.type;
    if (type == kRecordHeaderAttr || type == kRecordHeaderFeature ||
        type == kRecordHeaderTracingData || type == kRecordHeaderBuildId ||
        type == kRecordEventUpdate || type == kRecordEventId || type == kRecordTracingData) {
      take_header_record(view);
    }
  }
  warnings_ = cursor.warnings();
  if (auto done = reader_.finish_events(); !done) return done;
  for (size_t i = 0; i < std::min(events_.size(), reader_.events().size()); ++i) {
    events_[i].name = reader_.events()[i].name;
    events_[i].ids = reader_.events()[i].ids;
  }
  complete_tracing_data();
  return {};
}

/// perf reads no recording with a tracepoint that it is not told the fields of. Those that all
/// tracepoints have are told of one that came without; its name is known.
void Repair::complete_tracing_data() {
  TracingData data;
  data.swapped = reader_.swapped();
  // perf stops at empty ones, and uses neither: struct buffer_data_page of 64-bit machines.
  data.header_page =
      "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
      "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
      "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
      "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";
  data.header_event = "\n";
  std::vector<std::byte> before;
  if (const auto found = features_.find(kFeatureTracingData); found != features_.end()) {
    before = found->second;
    if (auto decoded = decode_tracing_data(before)) data = std::move(*decoded);
  }
  std::set<uint64_t> known;
  for (const TracingData::Event& event : data.events) {
    if (const auto format = parse_event_format(event.format)) known.insert(format->id);
  }
  std::deque<std::string> texts;  // that `data` has views of
  for (const EventAttr& event : reader_.events().all()) {
    if (event.attr.type != PERF_TYPE_TRACEPOINT || !known.insert(event.attr.config).second) {
      continue;
    }
    const size_t colon = event.name.find(':');
    const std::string system = colon == event.name.npos ? "unknown" : event.name.substr(0, colon);
    const std::string name = colon == event.name.npos ? event.name : event.name.substr(colon + 1);
    data.events.push_back(
        {texts.emplace_back(system),
         texts.emplace_back(fmt::format(
             "name: {}\nID: {}\nformat:\n"
             "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
             "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
             "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
             "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n\nprint fmt: \"\"\n",
             name, event.attr.config))});
  }
  if (!texts.empty()) features_[kFeatureTracingData] = encode_tracing_data(data);
}

bool Repair::keeps(const RecordView& view, const Decoder& decoder) {
  const uint32_t type = view.header.type;
  switch (type) {
    case kRecordHeaderAttr:  // in the header now
    case kRecordHeaderEventType:
    case kRecordHeaderFeature:
    case kRecordHeaderTracingData:
    case kRecordHeaderBuildId:
      return false;
    case kRecordFinishedRound:
      // Of one of several files, whose records follow each other now.
      if (reader_.features().is_directory) return false;
      break;
    default:
      break;
  }
  const bool of_kernel = type >= kRecordMmap && type <= kRecordAuxOutputHwId;
  const bool of_perf = type >= kRecordFinishedRound && type <= kRecordFinishedInit;
  const bool of_trace = type >= kRecordAuxtraceInfo && type <= kRecordAuxtraceError;
  const bool of_stat = type >= kRecordStatConfig && type <= kRecordStatRound;
  if ((!of_kernel && !of_perf) || of_trace || of_stat) {
    const char* name = record_type_name(type);
    ++result_.skipped[name ? name : fmt::format("type {}", type)];
    return false;
  }
  if (decoder.decode(view)) return true;
  ++result_.unreadable;
  return false;
}

Result<RepairResult> Repair::write(const std::string& path) {
  bool cut = false;
  auto file = FileRewriter::create(path, reader_.swapped(), events_, cut);
  if (!file) return tl::unexpected(std::move(file.error()));
  const Decoder decoder(reader_.events(), reader_.swapped());
  RecordCursor cursor(reader_);
  RecordView view;
  while (cursor.next(view)) {
    if (!keeps(view, decoder)) continue;
    const bool is_sample = view.header.type == kRecordSample;
    const bool has_id = view.header.type < kRecordHeaderAttr && !is_sample;
    const size_t tail = has_id ? sample_id_size(reader_.events()[decoder.event_of(view)].attr) : 0;
    if (auto done = (*file)->write(view, tail); !done) {
      return tl::unexpected(std::move(done.error()));
    }
    ++result_.records;
    result_.samples += is_sample;
  }
  if (result_.records ==
      0) {  // perf takes a data section without any for one that was not finished
    RecordView round;
    round.header.type = kRecordFinishedRound;
    if (auto done = (*file)->write(round, 0); !done) return tl::unexpected(std::move(done.error()));
  }
  if (auto done = (*file)->finish(std::move(features_)); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  result_.warnings = reader_.warnings();
  result_.warnings.insert(result_.warnings.end(), warnings_.begin(), warnings_.end());
  if (cut) {
    result_.warnings.push_back(
        "events have settings newer than perf 6.1, which the new file does not tell of");
  }
  return std::move(result_);
}

}  // namespace

Result<RepairResult> run_repair(const RepairOptions& options) {
  struct stat in {
  }, out{};
  const bool is_there = ::stat(options.output.c_str(), &out) == 0;
  if (is_there && ::stat(options.input.c_str(), &in) == 0 && in.st_dev == out.st_dev &&
      in.st_ino == out.st_ino) {
    return fail("'" + options.output + "' is what is to be repaired",
                "name another file for the repaired one", 2);
  }
  if (is_there && !options.force) {
    return fail("'" + options.output + "' is there already", "-f writes over it", 2);
  }
  auto input = open_packed_input(options.input);
  if (!input) return tl::unexpected(std::move(input.error()));
  auto reader = open_reader(std::move(*input));
  if (!reader) return tl::unexpected(std::move(reader.error()));
  Repair repair(**reader);
  if (auto done = repair.read_header(); !done) return tl::unexpected(std::move(done.error()));
  return repair.write(options.output);
}

}  // namespace prof
