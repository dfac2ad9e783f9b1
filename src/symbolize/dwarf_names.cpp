#include "symbolize/dwarf_names.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace prof {

namespace {

using Kind = DwarfValue::Kind;

constexpr int kMostRounds = 16;  // an instance of an instance of …, each in another unit
constexpr size_t kWindow = size_t{1} << 20;

/// Strings of a section in ascending order of their offsets.
class StringWindow {
 public:
  explicit StringWindow(DwarfSections& sections) : sections_(sections) {}

  std::string_view at(uint64_t offset) {
    if (const auto text = sections_.string_in_place(offset)) return *text;
    const std::string_view text = in_window(offset);
    if (text.data() || !move_to(offset)) return text;
    return in_window(offset);
  }

 private:
  std::string_view in_window(uint64_t offset) const {
    if (offset < start_ || offset - start_ >= bytes_.size()) return {};
    return DwarfCursor(bytes_, false, offset - start_).c_string();
  }
  /// The stream cannot go back cheaply: what is there of the string already is kept.
  bool move_to(uint64_t offset) {
    const uint64_t size = sections_.str.size();
    if (offset >= size) return false;
    size_t kept = 0;
    if (offset >= start_ && offset - start_ < bytes_.size()) {
      const auto from = static_cast<size_t>(offset - start_);
      kept = bytes_.size() - from;
      std::memmove(buffer_.bytes().data(), buffer_.bytes().data() + from, kept);
    }
    start_ = offset;
    bytes_ = sections_.str.read(offset, std::min<uint64_t>(kWindow, size - offset), buffer_, kept);
    return !bytes_.empty();
  }

  DwarfSections& sections_;
  ByteBuffer buffer_;
  std::span<const std::byte> bytes_;
  uint64_t start_ = 0;
};

/// Names of DIEs in ascending order of their offsets, each unit read once.
class DieNames {
 public:
  explicit DieNames(DwarfFile& file, bool is_alt) : file_(file), is_alt_(is_alt) {
    file_.index.meet_all(file_.sections);
  }

  DwarfName at(uint64_t offset) {
    const IndexedUnit* indexed = file_.index.holding(offset);
    if (!indexed || !open(*indexed)) return {};
    DwarfName name = find_name(unit_, offset - unit_.header.offset);
    if (is_alt_) {
      to_alt(name.value);
      to_alt(name.plain);
    }
    return name;
  }

 private:
  bool open(const IndexedUnit& indexed) {
    if (opened_ == &indexed) return true;
    opened_ = nullptr;
    DwarfSections& sections = file_.sections;
    unit_ = {};
    unit_.header = indexed.header;
    unit_.sections = unit_.skeleton = &sections;
    unit_.str_offsets = sections.str_offsets;
    unit_.rnglists = sections.rnglists;
    unit_.bytes = sections.info.read(indexed.header.offset, indexed.header.size, buffer_);
    if (unit_.bytes.empty()) return false;
    const DwarfFormat& format = indexed.header.format;
    if (!abbrevs_ || abbrev_offset_ != indexed.header.abbrev_offset ||
        !(abbrevs_->format() == format)) {
      abbrev_offset_ = indexed.header.abbrev_offset;
      abbrevs_ = std::make_unique<AbbrevTable>(sections.abbrev, abbrev_offset_, sections.swapped(),
                                               format);
    }
    unit_.abbrevs = abbrevs_.get();
    if (!unit_.read_die()) return false;
    opened_ = &indexed;
    return true;
  }
  /// What is said inside the common file means the common file.
  static void to_alt(DwarfValue& value) {
    if (value.kind == Kind::InfoRef) value.kind = Kind::AltInfoRef;
    if (value.kind == Kind::StrOffset) value.kind = Kind::AltStr;
  }

  DwarfFile& file_;
  bool is_alt_;
  const IndexedUnit* opened_ = nullptr;
  Unit unit_;
  ByteBuffer buffer_;
  std::unique_ptr<AbbrevTable> abbrevs_;
  uint64_t abbrev_offset_ = 0;
};

void sort_by_offset(std::vector<PendingName>& pending) {
  std::ranges::sort(pending, [](const PendingName& a, const PendingName& b) {
    return std::pair(a.name.value.number, a.scope) < std::pair(b.name.value.number, b.scope);
  });
}

/// Takes those of one kind out of `pending`, in order.
std::vector<PendingName> take(std::vector<PendingName>& pending, Kind kind) {
  const auto rest =
      std::stable_partition(pending.begin(), pending.end(),
                            [&](const PendingName& p) { return p.name.value.kind != kind; });
  std::vector<PendingName> taken(rest, pending.end());
  pending.erase(rest, pending.end());
  sort_by_offset(taken);
  return taken;
}

void follow_references(DwarfAnswers& answers, std::vector<PendingName>& pending,
                       const std::vector<PendingName>& asked, DwarfFile& file, bool is_alt) {
  DieNames names(file, is_alt);
  for (const PendingName& p : asked) {
    DwarfName name = names.at(p.name.value.number);
    if (!name.value) name.value = p.name.plain;
    if (p.name.plain) name.plain = p.name.plain;  // the nearer one
    // Text of another unit's bytes lasts for this moment only.
    if (name.plain.kind == Kind::Text) {
      answers.set_name(p.scope, name.plain.text);
      name.plain = {};
    }
    if (name.value.kind == Kind::Text) {
      answers.set_name(p.scope, name.value.text);
    } else if (name.value) {
      pending.push_back({p.scope, name});
    }
  }
}

void read_strings(DwarfAnswers& answers, const std::vector<PendingName>& asked,
                  DwarfSections& sections) {
  StringWindow strings(sections);
  for (const PendingName& p : asked) {
    const std::string_view text = strings.at(p.name.value.number);
    if (!text.empty()) answers.set_name(p.scope, text);
  }
}

}  // namespace

void resolve_pending_names(DwarfAnswers& answers, DwarfFile& main, DwarfFile* alt) {
  std::vector<PendingName>& pending = answers.pending();
  for (int round = 0; round < kMostRounds; ++round) {
    const auto here = take(pending, Kind::InfoRef);
    const auto there = take(pending, Kind::AltInfoRef);
    if (here.empty() && there.empty()) break;
    if (!here.empty()) follow_references(answers, pending, here, main, false);
    if (!there.empty() && alt) follow_references(answers, pending, there, *alt, true);
  }
  read_strings(answers, take(pending, Kind::StrOffset), main.sections);
  if (alt) read_strings(answers, take(pending, Kind::AltStr), alt->sections);
  pending.clear();
}

}  // namespace prof
