// The format is described in the kernel's tools/perf/Documentation/jitdump-specification.txt.
#include "symbolize/jitdump.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

#include "common/byte_reader.h"

namespace prof {

namespace {

constexpr uint32_t kMagic = 0x4a695444;  // "JiTD" as a number of the writer's byte order
constexpr uint32_t kNewestVersion = 1;
constexpr uint64_t kArchTimestamp = 1;
constexpr size_t kHeaderSize = 40;
constexpr size_t kRecordHeaderSize = 16;
// Larger records of these kinds are none; how long code is does not matter, as it is not read.
constexpr size_t kMaxDebugInfo = size_t{64} << 20;
constexpr size_t kMaxName = size_t{1} << 20;
constexpr size_t kMaxNames = UINT32_MAX;
// Of one function: some hundred bytes; of all: what is held of a dump of gigabytes.
constexpr size_t kMaxUnwinding = size_t{1} << 20;
constexpr size_t kMaxAllUnwinding = size_t{256} << 20;
// V8 adds this, the size of an ELF header, to the address of every line (kElfHeaderSize in its
// perf-jit.cc), as perf's inject puts one before the code.
constexpr uint64_t kElfHeader = 0x40;

enum RecordId : uint32_t { kLoad, kMove, kDebugInfo, kClose, kUnwindingInfo };

/// Whether an .eh_frame section may begin so: with the length of an entry, and 0, by which it is a
/// CIE (Linux Standard Base). An .eh_frame_hdr has 1 and encodings there, and then an address.
bool begins_with_cie(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const uint32_t length = in.u32();
  const uint32_t id = in.u32();
  return in.ok() && id == 0 && length >= sizeof id && length <= bytes.size() - sizeof length;
}

/// A file of which a part is in memory, or bytes that all are.
class Window {
 public:
  explicit Window(std::span<const std::byte> image) : size_(image.size()), view_(image) {}
  Window(const UniqueFd& fd, uint64_t size) : fd_(fd.get()), size_(size) {}

  uint64_t size() const { return size_; }
  /// The bytes from `offset` on: `size`, or fewer where the file ends. Valid until the next call.
  std::span<const std::byte> at(uint64_t offset, size_t size) {
    if (offset >= size_) return {};
    size = static_cast<size_t>(std::min<uint64_t>(size, size_ - offset));
    if (fd_ >= 0 && (offset < begin_ || offset + size > begin_ + view_.size())) fill(offset, size);
    const uint64_t skip = std::min<uint64_t>(offset - begin_, view_.size());
    const auto rest = view_.subspan(static_cast<size_t>(skip));
    return rest.first(std::min(rest.size(), size));
  }

 private:
  void fill(uint64_t offset, size_t size) {
    constexpr size_t kReadAhead = size_t{256} << 10;
    buffer_.resize(std::max(size, kReadAhead));
    size_t filled = 0;
    while (filled < buffer_.size()) {
      const ssize_t got = ::pread(fd_, buffer_.data() + filled, buffer_.size() - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      filled += static_cast<size_t>(got);
    }
    begin_ = offset;
    view_ = std::span(buffer_).first(filled);
  }

  int fd_ = -1;
  uint64_t size_ = 0;
  uint64_t begin_ = 0;  // of view_
  std::span<const std::byte> view_;
  std::vector<std::byte> buffer_;
};

}  // namespace

class JitDumpParser {
 public:
  JitDumpParser(Window& window, JitDump& dump) : window_(window), dump_(dump) {}

  Result<void> header();
  void records();

 private:
  struct Record {
    uint32_t id = 0;
    uint64_t time = 0;
    uint64_t position = 0;  // of the payload
    uint64_t size = 0;      // of the payload
  };
  /// What comes before the load it belongs to.
  struct Pending {
    uint64_t address = 0;
    uint32_t first_line = 0, lines = 0;
    uint32_t eh_frame = 0, eh_frame_size = 0;
  };

  ByteReader payload(const Record& record, size_t size) {
    return ByteReader(
        window_.at(record.position, static_cast<size_t>(std::min<uint64_t>(record.size, size))),
        swap_);
  }
  bool apply(const Record& record);
  bool load(const Record& record);
  bool move(const Record& record);
  bool debug_info(const Record& record);
  bool unwinding_info(const Record& record);
  uint32_t add_name(std::string_view name);
  uint32_t file_name(std::string_view name);

  Window& window_;
  JitDump& dump_;
  bool swap_ = false;
  uint64_t first_record_ = 0;
  Pending pending_;
  bool line_at_start_ = false;  // of any function
  std::vector<char> names_;
  std::unordered_map<std::string, uint32_t> file_names_;
  std::unordered_map<uint64_t, uint32_t> by_index_;  // functions
};

Result<void> JitDumpParser::header() {
  const std::string& name = dump_.path_;
  const auto bytes = window_.at(0, kHeaderSize);
  ByteReader in(bytes);
  const auto magic = in.u32();
  swap_ = magic == byte_swapped(kMagic);
  if (bytes.size() < kHeaderSize || (magic != kMagic && !swap_)) {
    return fail("'" + name + "' is not a jitdump");
  }
  in = ByteReader(bytes.subspan(4), swap_);
  dump_.header_.version = in.u32();
  const uint32_t size = in.u32();
  dump_.header_.machine = in.u32();
  in.skip(4);
  dump_.header_.pid = in.u32();
  dump_.header_.time = in.u64();
  dump_.header_.arch_timestamp = (in.u64() & kArchTimestamp) != 0;
  if (dump_.header_.version > kNewestVersion) {
    return fail(fmt::format("'{}' is a jitdump of version {}, which is not known", name,
                            dump_.header_.version));
  }
  if (size < kHeaderSize) return fail("'" + name + "' is not a jitdump: its header is too short");
  first_record_ = size;
  return {};
}

void JitDumpParser::records() {
  for (uint64_t at = first_record_; at < window_.size();) {
    ByteReader in(window_.at(at, kRecordHeaderSize), swap_);
    Record record;
    record.id = in.u32();
    const uint64_t size = in.u32();
    record.time = in.u64();
    if (!in.ok() || size > window_.size() - at) {
      dump_.end_ = "it ends within a record";
      break;
    }
    if (size < kRecordHeaderSize) {
      dump_.end_ = fmt::format("at {:#x} there is no record", at);
      break;
    }
    record.position = at + kRecordHeaderSize;
    record.size = size - kRecordHeaderSize;
    if (!apply(record)) ++dump_.bad_records_;
    at += size;
  }
  // No function of any writer that counts from the code itself is without a line at its beginning.
  if (!line_at_start_) {
    for (JitDump::Line& line : dump_.lines_) line.position -= kElfHeader;
  }
  dump_.names_ = std::make_shared<const std::vector<char>>(std::move(names_));
}

bool JitDumpParser::apply(const Record& record) {
  switch (record.id) {
    case kLoad: {
      const bool good = load(record);
      pending_ = {};
      return good;
    }
    case kMove:
      return move(record);
    case kDebugInfo:
      return debug_info(record);
    case kUnwindingInfo:
      return unwinding_info(record);
    case kClose:  // perf goes on after one, too
    default:      // of a later version
      return true;
  }
}

/// {u32 pid, tid, u64 vma, code_addr, code_size, code_index, name, code}
bool JitDumpParser::load(const Record& record) {
  constexpr size_t kFixed = 40;
  ByteReader in = payload(record, kFixed);
  JitCode code;
  code.pid = in.u32();
  in.skip(4 + 8);  // the thread, and where the code is mapped, which is where it runs
  code.address = in.u64();
  code.time = record.time;
  const uint64_t size = in.u64();
  const uint64_t index = in.u64();
  if (!in.ok()) return false;
  if (size == 0) return true;  // "the format supports empty functions"
  if (size > record.size - kFixed || code.address > UINT64_MAX - size) return false;
  const uint64_t before_code = record.size - size;
  const auto room = static_cast<size_t>(std::min<uint64_t>(before_code - kFixed, kMaxName));
  in = payload(record, kFixed + room);
  in.skip(kFixed);
  const std::string_view name = in.fixed_string(room);
  if (!in.ok() || name.empty() || names_.size() + name.size() >= kMaxNames ||
      dump_.functions_.size() == UINT32_MAX) {
    return false;
  }
  JitFunction function;
  function.code = {record.position + before_code, size};
  function.name = add_name(name);
  function.eh_frame = pending_.eh_frame;
  function.eh_frame_size = pending_.eh_frame_size;
  if (pending_.lines > 0 && pending_.address == code.address) {
    function.first_line = pending_.first_line;
    function.lines = pending_.lines;
    const auto lines = std::span(dump_.lines_).subspan(function.first_line, function.lines);
    for (JitDump::Line& line : lines) {
      const uint64_t offset = line.position - code.address;
      line_at_start_ = line_at_start_ || offset < kElfHeader;
      line.position = offset + function.code.position;
    }
    std::ranges::stable_sort(lines, {}, &JitDump::Line::position);
  }
  code.function = static_cast<uint32_t>(dump_.functions_.size());
  by_index_[index] = code.function;
  dump_.functions_.push_back(function);
  dump_.codes_.push_back(code);
  return true;
}

/// {u32 pid, tid, u64 vma, old_code_addr, new_code_addr, code_size, code_index}
bool JitDumpParser::move(const Record& record) {
  ByteReader in = payload(record, 48);
  JitCode code;
  code.pid = in.u32();
  in.skip(4 + 8 + 8);
  code.address = in.u64();
  code.time = record.time;
  in.skip(8);  // "the code size of the function cannot change"
  const auto known = by_index_.find(in.u64());
  if (!in.ok() || known == by_index_.end()) return false;
  code.function = known->second;
  if (code.address > UINT64_MAX - dump_.functions_[code.function].code.size) return false;
  dump_.codes_.push_back(code);
  return true;
}

/// {u64 code_addr, nr_entry, {u64 code_addr, u32 line, discrim, name}…}
bool JitDumpParser::debug_info(const Record& record) {
  if (record.size > kMaxDebugInfo) return false;
  // A name of this one byte stands for the name of the entry before.
  constexpr std::string_view kSameName = "\xff";
  ByteReader in = payload(record, kMaxDebugInfo);
  const uint64_t address = in.u64();
  const uint64_t count = in.u64();
  const size_t first = dump_.lines_.size();
  JitDump::Line line;
  for (uint64_t i = 0; i < count && !in.at_end(); ++i) {
    line.position = in.u64();  // an address, until the load says where the code is
    line.line = in.u32();
    line.column = in.u32();
    const std::string_view name = in.c_string();
    if (!in.ok() || names_.size() + name.size() >= kMaxNames || first + i >= UINT32_MAX) break;
    if (name != kSameName) line.file = file_name(name);
    dump_.lines_.push_back(line);
  }
  pending_.address = address;
  pending_.first_line = static_cast<uint32_t>(first);
  pending_.lines = static_cast<uint32_t>(dump_.lines_.size() - first);
  return in.ok() && pending_.lines == count;
}

/// {u64 unwind_data_size, eh_frame_hdr_size, mapped_size, .eh_frame_hdr, .eh_frame}
/// So it is specified; V8 writes .eh_frame first, and perf's inject reads it there.
bool JitDumpParser::unwinding_info(const Record& record) {
  constexpr size_t kFixed = 24;
  ByteReader in = payload(record, kFixed);
  const uint64_t size = in.u64();
  const uint64_t header_size = in.u64();
  pending_.eh_frame_size = 0;
  if (!in.ok() || record.size < kFixed || size > record.size - kFixed || header_size > size) {
    return false;
  }
  if (size == header_size || swap_) return true;  // none, or of a machine that nothing unwinds
  auto& all = dump_.eh_frames_;
  if (size > kMaxUnwinding || all.size() + size > kMaxAllUnwinding) return false;
  const auto data = window_.at(record.position + kFixed, static_cast<size_t>(size));
  if (data.size() != size) return false;  // the file became shorter
  auto eh_frame = data.first(static_cast<size_t>(size - header_size));
  if (!begins_with_cie(eh_frame)) {
    eh_frame = data.subspan(static_cast<size_t>(header_size));
    if (!begins_with_cie(eh_frame)) return false;
  }
  pending_.eh_frame = static_cast<uint32_t>(all.size());
  pending_.eh_frame_size = static_cast<uint32_t>(eh_frame.size());
  all.insert(all.end(), eh_frame.begin(), eh_frame.end());
  return true;
}

uint32_t JitDumpParser::add_name(std::string_view name) {
  const auto offset = static_cast<uint32_t>(names_.size());
  names_.insert(names_.end(), name.begin(), name.end());
  names_.push_back('\0');
  return offset;
}

uint32_t JitDumpParser::file_name(std::string_view name) {
  const auto [it, added] = file_names_.try_emplace(std::string(name), 0);
  if (added) it->second = add_name(name);
  return it->second;
}

Result<JitDump> JitDump::read(const UniqueFd& fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot stat '" + name + "'");
  Window window(fd, static_cast<uint64_t>(status.st_size));
  JitDump dump;
  dump.path_ = name;
  JitDumpParser parser(window, dump);
  if (auto done = parser.header(); !done) return tl::unexpected(done.error());
  parser.records();
  return dump;
}

Result<JitDump> JitDump::parse(std::span<const std::byte> image, const std::string& name) {
  Window window(image);
  JitDump dump;
  dump.path_ = name;
  JitDumpParser parser(window, dump);
  if (auto done = parser.header(); !done) return tl::unexpected(done.error());
  parser.records();
  return dump;
}

std::string_view JitDump::text(uint32_t offset) const {
  const std::string_view rest = std::string_view(names_->data(), names_->size()).substr(offset);
  return rest.substr(0, rest.find('\0'));
}

std::optional<SourceLine> JitDump::line_of(uint64_t position) const {
  const auto after = std::ranges::upper_bound(functions_, position, {},
                                              [](const JitFunction& f) { return f.code.position; });
  if (after == functions_.begin()) return std::nullopt;
  const JitFunction& function = *std::prev(after);
  if (position - function.code.position >= function.code.size) return std::nullopt;
  const auto lines = std::span(lines_).subspan(function.first_line, function.lines);
  const auto next = std::ranges::upper_bound(lines, position, {}, &Line::position);
  if (next == lines.begin()) return std::nullopt;
  const Line& line = *std::prev(next);
  if (line.position < function.code.position) return std::nullopt;  // of some other place
  return SourceLine{text(line.file), line.line, line.column};
}

SymbolTable JitDump::symbols() const {
  std::vector<SymbolTable::Entry> entries;
  entries.reserve(functions_.size());
  for (const JitFunction& function : functions_) {
    entries.push_back(
        {function.code.position, function.code.position + function.code.size, function.name, {}});
  }
  const std::string_view names(names_->data(), names_->size());
  return SymbolTable(std::move(entries), SymbolTable::Overlap::LastAdded, names, names_);
}

std::string JitDump::problem() const {
  std::string text;
  if (!end_.empty()) text = fmt::format("{}: only its beginning was read: {}", path_, end_);
  if (bad_records_ > 0) {
    text += fmt::format("{}records that could not be read and were skipped: {}",
                        text.empty() ? path_ + ": " : "; ", bad_records_);
  }
  return text;
}

}  // namespace prof
