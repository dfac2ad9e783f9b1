// Feeds arbitrary bytes to the reader of recordings: header, features, cursor, decompression,
// decoders and the sort by time.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

#include "perfdata/cursor.h"
#include "perfdata/decode.h"
#include "perfdata/ordering.h"
#include "perfdata/reader.h"
#include "perfdata/simpleperf.h"
#include "perfdata/woken.h"

using namespace prof;

namespace {

// A few bytes of zstd can stand for very many records; what lies beyond these is no new territory.
constexpr size_t kMaxRecords = 20'000;

volatile uint64_t sink;  // keeps the reads below from being optimized away

void touch(std::span<const std::byte> bytes) {
  uint64_t sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<uint64_t>(byte);
  sink = sink + sum;
}
void touch(const U64View& words) {
  uint64_t sum = 0;
  for (size_t i = 0; i < words.size(); ++i) sum += words[i];
  sink = sink + sum;
}
void touch(std::string_view text) {
  touch(std::as_bytes(std::span(text)));
}

/// Reads every byte that the record's views promise.
void touch_record(const Record& record) {
  std::visit(
      [](const auto& r) {
        using T = std::decay_t<decltype(r)>;
        if constexpr (std::is_same_v<T, SampleRecord>) {
          touch(r.read), touch(r.callchain), touch(r.raw), touch(r.branch_stack);
          touch(r.branch_counters), touch(r.user_registers), touch(r.user_stack);
          touch(r.interrupt_registers), touch(r.aux);
          if (const auto woken = decode_woken(r.raw, r.callchain.swapped())) touch(woken->chain);
        }
        if constexpr (requires { r.filename; }) touch(r.filename);
        if constexpr (requires { r.build_id; }) touch(r.build_id.view());
        if constexpr (requires { r.comm; }) touch(r.comm);
        if constexpr (requires { r.name; }) touch(r.name);
        if constexpr (requires { r.path; }) touch(r.path);
        if constexpr (requires { r.values; }) touch(r.values);
        if constexpr (requires { r.dev_inode_pairs; }) touch(r.dev_inode_pairs);
        if constexpr (requires { r.entries; }) touch(r.entries);
        if constexpr (requires { r.guests; }) touch(r.guests);
        if constexpr (std::is_same_v<T, CallchainDeferredRecord>) touch(r.callchain);
        if constexpr (requires { r.data.size(); }) touch(r.data);
      },
      record);
}

void read_header_records(Reader& reader) {
  RecordCursor cursor(reader);
  RecordView view;
  for (size_t i = 0; i < kMaxRecords && cursor.next(view); ++i) {
    if (view.header.type >= kRecordHeaderAttr) reader.apply_header_record(view);
  }
}

void decode_all(const Reader& reader) {
  RecordCursor cursor(reader);
  const Decoder decoder(reader.events(), reader.swapped());
  RoundSorter sorter([](const RecordView& view, uint64_t) { touch(view.payload); });
  RecordView view;
  for (size_t i = 0; i < kMaxRecords && cursor.next(view); ++i) {
    // A copy of the exact size lets AddressSanitizer see what reads beyond the record.
    const std::vector<std::byte> exact(view.payload.begin(), view.payload.end());
    RecordView copy = view;
    copy.payload = exact;
    if (const auto record = decoder.decode(copy)) touch_record(*record);
    if (view.header.type == kRecordFinishedRound) sorter.finish_round();
    if (const auto time = decoder.time_of(copy)) sorter.add(view, *time, cursor.stable());
  }
  sorter.finish();
}

/// What simpleperf brings along, as a feature and as records.
void read_files(const Reader& reader) {
  const Features& features = reader.features();
  const SimpleperfFiles files = decode_simpleperf_files(
      features.simpleperf_files, features.simpleperf_files2, reader.swapped());
  for (const SimpleperfFile& file : files.files) {
    touch(file.path);
    for (const auto& symbol : file.symbols) touch(symbol.name);
  }
  SimpleperfFileRecords records;
  RecordCursor cursor(reader);
  RecordView view;
  for (size_t i = 0; i < kMaxRecords && cursor.next(view); ++i) {
    records.add(view, reader.swapped());
    if (const auto blob = simpleperf_blob(view, reader.swapped())) touch(*blob);
  }
}

Result<MappedFile> as_file(const uint8_t* data, size_t size) {
  UniqueFd fd(memfd_create("fuzz", MFD_CLOEXEC));
  for (size_t done = 0; done < size;) {
    const ssize_t written = write(fd.get(), data + done, size - done);
    if (written <= 0) return fail_errno("cannot write the input");
    done += static_cast<size_t>(written);
  }
  return MappedFile::from_fd(std::move(fd), "input");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto file = as_file(data, size);
  if (!file) return 0;
  auto reader = Reader::from_file(std::move(*file), "input");
  if (!reader) return 0;
  read_header_records(**reader);
  if (!(*reader)->finish_events()) return 0;
  decode_all(**reader);
  read_files(**reader);
  return 0;
}
