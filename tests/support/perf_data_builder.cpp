#include "support/perf_data_builder.h"

#include <zstd.h>

#include <algorithm>
#include <stdexcept>

namespace prof::test {

namespace {

constexpr uint64_t kBranchCounters = 1u << 19;

/// The flag bytes of an attribute as a machine of the other order lays them out.
std::array<std::byte, 8> swapped_flags(uint64_t flags) {
  // precise_ip (bits 15 and 16) is a number: turning its bits round exchanges them.
  const uint64_t low = flags >> 15 & 1;
  const uint64_t high = flags >> 16 & 1;
  flags = (flags & ~(uint64_t{3} << 15)) | low << 16 | high << 15;
  std::array<std::byte, 8> out{};
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (flags >> bit & 1) out[bit / 8] |= std::byte{0x80} >> (bit % 8);
  }
  return out;
}

}  // namespace

EndianWriter& EndianWriter::words(std::span<const uint64_t> values) {
  for (const uint64_t value : values) u64(value);
  return *this;
}

EndianWriter& EndianWriter::bytes(std::span<const std::byte> data) {
  out_.bytes(data);
  return *this;
}

EndianWriter& EndianWriter::text(std::string_view data) {
  out_.text(data);
  return *this;
}

EndianWriter& EndianWriter::zeros(size_t count) {
  out_.zeros(count);
  return *this;
}

EndianWriter& EndianWriter::name(std::string_view value) {
  out_.padded_string(value);
  return *this;
}

EndianWriter& EndianWriter::string(std::string_view value) {
  const size_t padded = (value.size() + 1 + 63) / 64 * 64;
  u32(static_cast<uint32_t>(padded));
  out_.text(value).zeros(padded - value.size());
  return *this;
}

EndianWriter& EndianWriter::attr(const perf_event_attr& a, uint32_t disk_size) {
  const size_t begin = size();
  EndianWriter all(swap_);
  all.u32(a.type).u32(disk_size).u64(a.config).u64(a.sample_period).u64(a.sample_type);
  all.u64(a.read_format);
  uint64_t flags = 0;
  std::memcpy(&flags, reinterpret_cast<const char*>(&a) + 40, sizeof flags);
  if (swap_) {
    all.bytes(swapped_flags(flags));
  } else {
    all.u64(flags);
  }
  all.u32(a.wakeup_events).u32(a.bp_type).u64(a.config1).u64(a.config2);
  all.u64(a.branch_sample_type).u64(a.sample_regs_user).u32(a.sample_stack_user);
  all.u32(static_cast<uint32_t>(a.clockid)).u64(a.sample_regs_intr).u32(a.aux_watermark);
  all.u16(a.sample_max_stack).u16(0).u32(a.aux_sample_size).u32(0).u64(a.sig_data);
  const auto known = all.view();
  bytes(known.first(std::min<size_t>(known.size(), disk_size)));
  return zeros(disk_size - (size() - begin));
}

AttrSpec::AttrSpec() {
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.sample_freq = 99;
  attr.freq = 1;
  attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
                     PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_IDENTIFIER;
  attr.sample_id_all = 1;
  attr.exclude_guest = 1;
}

struct PerfDataBuilder::Compression {
  ~Compression() { ZSTD_freeCCtx(context); }
  ZSTD_CCtx* context = ZSTD_createCCtx();
  size_t chunk = 64;
  int version = 1;
};

PerfDataBuilder& PerfDataBuilder::pipe() {
  pipe_ = true;
  return *this;
}

PerfDataBuilder& PerfDataBuilder::swapped() {
  swap_ = true;
  return *this;
}

PerfDataBuilder& PerfDataBuilder::compressed(int level, size_t chunk, int version) {
  compression_ = std::make_shared<Compression>();
  compression_->chunk = chunk;
  compression_->version = version;
  ZSTD_CCtx_setParameter(compression_->context, ZSTD_c_compressionLevel, level);
  auto payload = body().u32(1).u32(1).u32(static_cast<uint32_t>(level)).u32(1).u32(528384);
  return feature(kFeatureCompressed, payload.take());
}

PerfDataBuilder& PerfDataBuilder::attr(AttrSpec spec) {
  attrs_.push_back(std::move(spec));
  return *this;
}

std::vector<std::byte> PerfDataBuilder::as_record(uint32_t type, uint16_t misc,
                                                  std::span<const std::byte> payload) const {
  const size_t size = kRecordHeaderSize + payload.size();
  if (size > UINT16_MAX) throw std::length_error("a record has at most 65535 bytes");
  return body().u32(type).u16(misc).u16(static_cast<uint16_t>(size)).bytes(payload).take();
}

void PerfDataBuilder::put_record(uint32_t type, uint16_t misc, std::span<const std::byte> payload) {
  const auto record = as_record(type, misc, payload);
  (compression_ ? pending_ : data_).bytes(record);
}

void PerfDataBuilder::put_sample_id(EndianWriter& out, const When& when) const {
  if (attrs_.empty() || !attrs_.at(when.event).attr.sample_id_all) return;
  const AttrSpec& event = attrs_[when.event];
  const uint64_t type = event.attr.sample_type;
  const uint64_t id = event.ids.empty() ? 0 : event.ids[0];
  if (type & PERF_SAMPLE_TID) out.u32(when.pid).u32(when.tid);
  if (type & PERF_SAMPLE_TIME) out.u64(when.time);
  if (type & PERF_SAMPLE_ID) out.u64(id);
  if (type & PERF_SAMPLE_STREAM_ID) out.u64(id);
  if (type & PERF_SAMPLE_CPU) out.u32(when.cpu).u32(0);
  if (type & PERF_SAMPLE_IDENTIFIER) out.u64(id);
}

PerfDataBuilder& PerfDataBuilder::record(uint32_t type, uint16_t misc,
                                         std::span<const std::byte> payload,
                                         std::optional<When> when) {
  EndianWriter whole = body();
  whole.bytes(payload);
  if (when) put_sample_id(whole, *when);
  put_record(type, misc, whole.view());
  return *this;
}

PerfDataBuilder& PerfDataBuilder::mmap(const MmapSpec& spec) {
  EndianWriter out = body();
  out.u32(spec.pid).u32(spec.tid).u64(spec.start).u64(spec.length).u64(spec.page_offset);
  out.name(spec.filename);
  return record(kRecordMmap, spec.misc, out.view(), spec.when);
}

PerfDataBuilder& PerfDataBuilder::mmap2(const MmapSpec& spec) {
  EndianWriter out = body();
  out.u32(spec.pid).u32(spec.tid).u64(spec.start).u64(spec.length).u64(spec.page_offset);
  uint16_t misc = spec.misc;
  if (spec.build_id.empty()) {
    out.u32(spec.major).u32(spec.minor).u64(spec.inode).u64(spec.generation);
  } else {
    misc |= kMiscMmapBuildId;
    out.u8(static_cast<uint8_t>(spec.build_id.size())).zeros(3).bytes(spec.build_id);
    out.zeros(20 - spec.build_id.size());
  }
  out.u32(spec.protection).u32(spec.flags).name(spec.filename);
  return record(kRecordMmap2, misc, out.view(), spec.when);
}

PerfDataBuilder& PerfDataBuilder::comm(uint32_t pid, uint32_t tid, std::string_view name, bool exec,
                                       When when) {
  EndianWriter out = body();
  out.u32(pid).u32(tid).name(name);
  return record(kRecordComm, exec ? kMiscCommExec : uint16_t{0}, out.view(), when);
}

PerfDataBuilder& PerfDataBuilder::fork(uint32_t pid, uint32_t parent_pid, uint32_t tid,
                                       uint32_t parent_tid, When when) {
  EndianWriter out = body();
  out.u32(pid).u32(parent_pid).u32(tid).u32(parent_tid).u64(when.time);
  return record(kRecordFork, 0, out.view(), when);
}

PerfDataBuilder& PerfDataBuilder::exit(uint32_t pid, uint32_t tid, When when) {
  EndianWriter out = body();
  out.u32(pid).u32(pid).u32(tid).u32(tid).u64(when.time);
  return record(kRecordExit, 0, out.view(), when);
}

PerfDataBuilder& PerfDataBuilder::lost(uint64_t id, uint64_t count, When when) {
  return record(kRecordLost, 0, body().u64(id).u64(count).view(), when);
}

PerfDataBuilder& PerfDataBuilder::lost_samples(uint64_t count, bool by_filter, When when) {
  return record(kRecordLostSamples, by_filter ? kMiscLostSamplesBpf : uint16_t{0},
                body().u64(count).view(), when);
}

PerfDataBuilder& PerfDataBuilder::throttle(bool throttled, When when) {
  const AttrSpec& event = attrs_.at(when.event);
  const uint64_t id = event.ids.empty() ? 0 : event.ids[0];
  return record(throttled ? kRecordThrottle : kRecordUnthrottle, 0,
                body().u64(when.time).u64(id).u64(id).view(), when);
}

PerfDataBuilder& PerfDataBuilder::ksymbol(uint64_t addr, uint32_t length, std::string_view name,
                                          When when) {
  return record(kRecordKsymbol, 0, body().u64(addr).u32(length).u16(1).u16(0).name(name).view(),
                when);
}

PerfDataBuilder& PerfDataBuilder::sample(const SampleSpec& s) {
  const AttrSpec& event = attrs_.at(s.event);
  const perf_event_attr& attr = event.attr;
  const uint64_t type = attr.sample_type;
  const uint64_t id = s.id.value_or(event.ids.empty() ? 0 : event.ids[0]);
  EndianWriter out = body();
  if (type & PERF_SAMPLE_IDENTIFIER) out.u64(id);
  if (type & PERF_SAMPLE_IP) out.u64(s.ip);
  if (type & PERF_SAMPLE_TID) out.u32(s.pid).u32(s.tid);
  if (type & PERF_SAMPLE_TIME) out.u64(s.time);
  if (type & PERF_SAMPLE_ADDR) out.u64(s.addr);
  if (type & PERF_SAMPLE_ID) out.u64(id);
  if (type & PERF_SAMPLE_STREAM_ID) out.u64(s.stream_id);
  if (type & PERF_SAMPLE_CPU) out.u32(s.cpu).u32(0);
  if (type & PERF_SAMPLE_PERIOD) out.u64(s.period);
  if (type & PERF_SAMPLE_READ) out.words(s.read);
  if (type & PERF_SAMPLE_CALLCHAIN) out.u64(s.callchain.size()).words(s.callchain);
  if (type & PERF_SAMPLE_RAW) out.u32(static_cast<uint32_t>(s.raw.size())).text(s.raw);
  if (type & PERF_SAMPLE_BRANCH_STACK) {
    out.u64(s.branches.size());
    if (attr.branch_sample_type & PERF_SAMPLE_BRANCH_HW_INDEX) out.u64(s.branch_hw_index);
    for (const auto& entry : s.branches) out.words(entry);
    if (attr.branch_sample_type & kBranchCounters) out.words(s.branch_counters);
  }
  if (type & PERF_SAMPLE_REGS_USER) {
    out.u64(s.user_abi);
    if (s.user_abi != 0) out.words(s.user_registers);
  }
  if (type & PERF_SAMPLE_STACK_USER) {
    out.u64(s.user_stack.size()).text(s.user_stack);
    if (!s.user_stack.empty()) out.u64(s.user_stack_copied.value_or(s.user_stack.size()));
  }
  if (type & (PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT)) out.u64(s.weight);
  if (type & PERF_SAMPLE_DATA_SRC) out.u64(s.data_src);
  if (type & PERF_SAMPLE_TRANSACTION) out.u64(s.transaction);
  if (type & PERF_SAMPLE_REGS_INTR) {
    out.u64(s.interrupt_abi);
    if (s.interrupt_abi != 0) out.words(s.interrupt_registers);
  }
  if (type & PERF_SAMPLE_PHYS_ADDR) out.u64(s.phys_addr);
  if (type & PERF_SAMPLE_CGROUP) out.u64(s.cgroup);
  if (type & PERF_SAMPLE_DATA_PAGE_SIZE) out.u64(s.data_page_size);
  if (type & PERF_SAMPLE_CODE_PAGE_SIZE) out.u64(s.code_page_size);
  if (type & PERF_SAMPLE_AUX) out.u64(s.aux.size()).text(s.aux);
  put_record(kRecordSample, s.misc, out.view());
  return *this;
}

PerfDataBuilder& PerfDataBuilder::round() {
  flush_compressed();
  data_.bytes(as_record(kRecordFinishedRound, 0, {}));
  return *this;
}

PerfDataBuilder& PerfDataBuilder::feature(uint32_t bit, std::vector<std::byte> payload) {
  features_.emplace_back(bit, std::move(payload));
  return *this;
}

PerfDataBuilder& PerfDataBuilder::feature(uint32_t bit, std::string_view text) {
  return feature(bit, body().string(text).take());
}

PerfDataBuilder& PerfDataBuilder::event_desc() {
  EndianWriter out = body();
  const uint32_t disk_size = attrs_.at(0).disk_size;
  out.u32(static_cast<uint32_t>(attrs_.size())).u32(disk_size);
  for (const AttrSpec& spec : attrs_) {
    out.attr(spec.attr, disk_size).u32(static_cast<uint32_t>(spec.ids.size())).string(spec.name);
    out.words(spec.ids);
  }
  return feature(kFeatureEventDesc, out.take());
}

void PerfDataBuilder::flush_compressed() {
  if (!compression_) return;
  auto left = pending_.view();
  while (!left.empty()) {
    const auto part = left.first(std::min(left.size(), compression_->chunk));
    left = left.subspan(part.size());
    std::vector<std::byte> frame(ZSTD_compressBound(part.size()) + 64);
    ZSTD_inBuffer in{part.data(), part.size(), 0};
    ZSTD_outBuffer out{frame.data(), frame.size(), 0};
    if (ZSTD_compressStream2(compression_->context, &out, &in, ZSTD_e_flush) != 0) {
      throw std::runtime_error("zstd did not flush");
    }
    frame.resize(out.pos);
    if (compression_->version == 1) {
      data_.bytes(as_record(kRecordCompressed, 0, frame));
      continue;
    }
    EndianWriter padded = body();
    padded.u64(frame.size()).bytes(frame).zeros((8 - frame.size() % 8) % 8);
    data_.bytes(as_record(kRecordCompressed2, 0, padded.view()));
  }
  pending_.clear();
}

std::vector<std::byte> PerfDataBuilder::data() {
  flush_compressed();
  return {data_.view().begin(), data_.view().end()};
}

std::vector<std::byte> PerfDataBuilder::bytes() {
  flush_compressed();
  std::ranges::stable_sort(features_, {}, [](const auto& feature) { return feature.first; });
  return pipe_ ? pipe_bytes() : file_bytes();
}

std::vector<std::byte> PerfDataBuilder::file_bytes() {
  const size_t disk_size = attrs_.empty() ? 128 : attrs_[0].disk_size;
  EndianWriter ids = body();
  EndianWriter attrs = body();
  for (const AttrSpec& spec : attrs_) {
    attrs.attr(spec.attr, spec.disk_size).zeros(disk_size - spec.disk_size);
    attrs.u64(kFileHeaderSize + ids.size()).u64(spec.ids.size() * 8);
    ids.words(spec.ids);
  }
  const size_t attrs_offset = kFileHeaderSize + ids.size();
  const size_t data_offset = attrs_offset + attrs.size();
  std::array<uint64_t, kFeatureBits / 64> bitmap{};
  for (const auto& [bit, payload] : features_) bitmap.at(bit / 64) |= uint64_t{1} << (bit % 64);

  EndianWriter out = body();
  out.u64(kMagic).u64(kFileHeaderSize).u64(disk_size + 16);
  out.u64(attrs_offset).u64(attrs.size()).u64(data_offset).u64(data_.size()).u64(0).u64(0);
  out.words(bitmap).bytes(ids.view()).bytes(attrs.view()).bytes(data_.view());
  uint64_t payload_offset = out.size() + features_.size() * 16;
  for (const auto& [bit, payload] : features_) {
    out.u64(payload_offset).u64(payload.size());
    payload_offset += payload.size();
  }
  for (const auto& [bit, payload] : features_) out.bytes(payload);
  return out.take();
}

std::vector<std::byte> PerfDataBuilder::pipe_bytes() {
  EndianWriter out = body();
  out.u64(kMagic).u64(kPipeHeaderSize);
  for (const AttrSpec& spec : attrs_) {
    EndianWriter payload = body();
    payload.attr(spec.attr, spec.disk_size).words(spec.ids);
    out.bytes(as_record(kRecordHeaderAttr, 0, payload.view()));
  }
  for (const auto& [bit, payload] : features_) {
    EndianWriter whole = body();
    whole.u64(bit).bytes(payload);
    out.bytes(as_record(kRecordHeaderFeature, 0, whole.view()));
  }
  return out.bytes(data_.view()).take();
}

EventTable PerfDataBuilder::events() const {
  EventTable table;
  for (const AttrSpec& spec : attrs_) {
    EventAttr event;
    event.attr = spec.attr;
    event.recorded_size = spec.disk_size;
    event.ids = spec.ids;
    event.name = spec.name;
    table.add(std::move(event));
  }
  return table;
}

std::vector<RecordView> split_records(std::span<const std::byte> data, bool swap) {
  std::vector<RecordView> out;
  ByteReader in(data, swap);
  while (in.remaining() >= kRecordHeaderSize) {
    RecordView view;
    view.offset = in.position();
    view.header.type = in.u32();
    view.header.misc = in.u16();
    view.header.size = in.u16();
    if (view.header.size < kRecordHeaderSize) break;
    view.payload = in.bytes(view.header.size - kRecordHeaderSize);
    if (in.ok()) out.push_back(view);
  }
  return out;
}

}  // namespace prof::test
