#include "unwind/table_builder.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "unwind/cfi_program.h"
#include "unwind/cfi_section.h"
#include "unwind/synthesized_rules.h"
#include "unwind/table_writer.h"

namespace prof {

namespace {

/// Fewer bytes than this between two functions are padding, and get no row of their own.
constexpr uint64_t kRealGap = 16;

/// A stretch of code and who describes it: an FDE of a section, or synthesized rows.
struct Piece {
  uint64_t begin, end;
  uint32_t source;
  uint32_t index;
};

struct Range {
  uint64_t begin, end;
};

/// Adds the parts of `fillers` (in order, not overlapping) that `pieces` (as well) leave free.
void fill_gaps(std::vector<Piece>& pieces, const std::vector<Piece>& fillers) {
  if (fillers.empty()) return;
  std::vector<Piece> out;
  out.reserve(pieces.size() + fillers.size());
  size_t next = 0;
  for (Piece filler : fillers) {
    for (; next < pieces.size() && pieces[next].end <= filler.begin; ++next) {
      out.push_back(pieces[next]);
    }
    while (filler.begin < filler.end) {
      if (next == pieces.size() || pieces[next].begin >= filler.end) {
        out.push_back(filler);
        break;
      }
      if (filler.begin < pieces[next].begin) {
        Piece part = filler;
        part.end = pieces[next].begin;
        out.push_back(part);
      }
      filler.begin = pieces[next].end;
      if (filler.begin >= filler.end) break;  // the piece may reach into the next filler
      out.push_back(pieces[next++]);
    }
  }
  out.insert(out.end(), pieces.begin() + static_cast<std::ptrdiff_t>(next), pieces.end());
  pieces = std::move(out);
}

class TableBuilder {
 public:
  TableBuilder(const ElfFile& file, TableWriter writer, std::vector<Range> code,
               const FindDebugFile& debug_file)
      : file_(file),
        writer_(std::move(writer)),
        code_(std::move(code)),
        find_debug_file_(debug_file) {}

  UnwindTable build();

 private:
  /// Sources of pieces: cfi_[0] to cfi_[2], or kSynthesized.
  static constexpr uint32_t kSynthesized = 3;
  struct Source {
    SectionData inflated;
    std::optional<CfiSection> section;
    std::vector<CfiProgram> programs;  // of each CIE
  };

  void add_cfi(std::optional<CfiSection> section, uint32_t index);
  void add_debug_frame(const ElfFile& file, uint32_t index);
  void add_debug_file();
  bool much_is_unknown() const;
  void add_synthesized(std::vector<SynthesizedCode> code);
  void search_signal_return();
  bool is_code(uint64_t begin, uint64_t end) const;
  void write_piece(const Piece& piece);
  void write_rows(const Piece& piece, const std::vector<CfiRow>& rows);

  const ElfFile& file_;
  TableWriter writer_;
  std::vector<Range> code_;  // in order, not overlapping
  const FindDebugFile& find_debug_file_;
  std::shared_ptr<const ElfFile> debug_file_;
  Source cfi_[kSynthesized];
  std::vector<SynthesizedCode> synthesized_;
  std::vector<Piece> pieces_;
  std::vector<CfiRow> rows_;
  UnwindTableCounts counts_;
};

bool TableBuilder::is_code(uint64_t begin, uint64_t end) const {
  const auto after = std::ranges::upper_bound(code_, begin, {}, &Range::begin);
  return after != code_.begin() && end <= std::prev(after)->end;
}

void TableBuilder::add_cfi(std::optional<CfiSection> section, uint32_t index) {
  if (!section) return;
  counts_.broken_fdes += section->broken();
  std::vector<Piece> pieces;
  pieces.reserve(section->fdes().size());
  uint32_t number = 0;
  for (const Fde& fde : section->fdes()) {
    // Entries of functions that the linker dropped point anywhere.
    if (is_code(fde.begin, fde.end)) pieces.push_back({fde.begin, fde.end, index, number});
    ++number;
  }
  Source& source = cfi_[index];
  source.section = std::move(section);
  const CfiRegisters& registers = file_.machine() == EM_X86_64 ? kX86Registers : kArmRegisters;
  source.programs.reserve(source.section->cie_count());
  for (uint32_t i = 0; i < source.section->cie_count(); ++i) {
    source.programs.emplace_back(source.section->cie(i), registers);
  }
  counts_.fdes += pieces.size();
  counts_.has_cfi = counts_.has_cfi || !pieces.empty();
  if (pieces_.empty()) {
    pieces_ = std::move(pieces);
  } else {
    fill_gaps(pieces_, pieces);
  }
}

void TableBuilder::add_debug_frame(const ElfFile& file, uint32_t index) {
  add_cfi(CfiSection::find_debug_frame(file, cfi_[index].inflated), index);
}

/// Whether gaps between functions add up to more than a few functions of assembly.
bool TableBuilder::much_is_unknown() const {
  constexpr uint64_t kSmallPart = 16;
  uint64_t all = 0;
  uint64_t unknown = 0;
  size_t next = 0;
  for (const Range& range : code_) {
    all += range.end - range.begin;
    uint64_t at = range.begin;
    for (; next < pieces_.size() && pieces_[next].begin < range.end; ++next) {
      if (pieces_[next].begin >= at + kRealGap) unknown += pieces_[next].begin - at;
      at = std::max(at, pieces_[next].end);
    }
    if (range.end >= at + kRealGap) unknown += range.end - at;
  }
  return unknown > all / kSmallPart;
}

/// What strip took away: C that is compiled without .eh_frame has .debug_frame for debuggers.
void TableBuilder::add_debug_file() {
  if (!find_debug_file_ || !much_is_unknown()) return;
  counts_.asked_debug_file = true;
  debug_file_ = find_debug_file_();
  if (debug_file_ && can_unwind(*debug_file_) && debug_file_->machine() == file_.machine()) {
    add_debug_frame(*debug_file_, 2);
  }
}

void TableBuilder::add_synthesized(std::vector<SynthesizedCode> code) {
  std::ranges::sort(code, {}, &SynthesizedCode::begin);
  std::vector<Piece> pieces;
  uint64_t last_end = 0;
  for (SynthesizedCode& part : code) {
    const uint64_t begin = std::max(part.begin, last_end);
    if (begin >= part.end) continue;
    last_end = part.end;
    pieces.push_back({begin, part.end, kSynthesized, static_cast<uint32_t>(synthesized_.size())});
    synthesized_.push_back(std::move(part));
  }
  fill_gaps(pieces_, pieces);
}

void TableBuilder::search_signal_return() {
  std::vector<SynthesizedCode> found;
  const auto search = [&](uint64_t begin, uint64_t end) {
    if (end - begin < kRealGap) return;
    for (SynthesizedCode& code : synthesize_signal_return(file_, begin, end)) {
      found.push_back(std::move(code));
    }
  };
  size_t next = 0;
  for (const Range& range : code_) {
    uint64_t at = range.begin;
    for (; next < pieces_.size() && pieces_[next].begin < range.end; ++next) {
      if (pieces_[next].begin > at) search(at, pieces_[next].begin);
      at = std::max(at, pieces_[next].end);
    }
    if (at < range.end) search(at, range.end);
  }
  add_synthesized(std::move(found));
}

void TableBuilder::write_rows(const Piece& piece, const std::vector<CfiRow>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].begin >= piece.end) break;
    if (i + 1 < rows.size() && rows[i + 1].begin <= piece.begin) continue;
    if (rows[i].rule.cfa_kind == UNWIND_CFA_UNSUPPORTED) ++counts_.unsupported_rows;
    writer_.add(std::max(rows[i].begin, piece.begin), rows[i].rule);
  }
}

void TableBuilder::write_piece(const Piece& piece) {
  if (piece.source == kSynthesized) {
    write_rows(piece, synthesized_[piece.index].rows);
    return;
  }
  const Source& source = cfi_[piece.source];
  const Fde& fde = source.section->fdes()[piece.index];
  const CfiProgram& program = source.programs[fde.cie];
  if (!program.evaluate(fde, source.section->instructions(fde), rows_)) ++counts_.broken_fdes;
  write_rows(piece, rows_);
}

UnwindTable TableBuilder::build() {
  add_cfi(CfiSection::find_eh_frame(file_), 0);
  add_debug_frame(file_, 1);
  add_debug_file();
  add_synthesized(synthesize_plt(file_));
  add_synthesized(synthesize_entry(file_, counts_.has_cfi));
  search_signal_return();

  // In programs of Go only C's part has CFI.
  const bool guess = !counts_.has_cfi || file_.section(".gopclntab");
  const auto rule_of_gap = [&](uint64_t begin, uint64_t end) -> uint32_t {
    if (guess || keeps_frame_pointers(file_, begin, end)) return UNWIND_RULE_FRAME_POINTER;
    return UNWIND_RULE_NONE;
  };
  uint64_t known_to = code_.front().begin;
  for (const Piece& piece : pieces_) {
    if (piece.begin >= known_to + kRealGap || known_to == code_.front().begin) {
      writer_.add(known_to, rule_of_gap(known_to, piece.begin));
    }
    write_piece(piece);
    known_to = piece.end;
  }
  writer_.add(known_to, rule_of_gap(known_to, code_.back().end));
  return std::move(writer_).finish(counts_);
}

/// The executable segments' parts that the file holds.
std::vector<Range> code_of(const ElfFile& file) {
  std::vector<Range> code;
  for (const ElfSegment& segment : file.segments()) {
    const uint64_t end = segment.vaddr + segment.filesz;
    if (segment.type != PT_LOAD || !(segment.flags & PF_X) || end <= segment.vaddr) continue;
    code.push_back({segment.vaddr, end});
  }
  std::ranges::sort(code, {}, &Range::begin);
  size_t kept = 0;
  for (const Range& range : code) {
    if (kept > 0 && range.begin <= code[kept - 1].end) {
      code[kept - 1].end = std::max(code[kept - 1].end, range.end);
    } else {
      code[kept++] = range;
    }
  }
  code.resize(kept);
  return code;
}

}  // namespace

bool can_unwind(const ElfFile& file) {
  return file.is_64() && !file.swapped() &&
         (file.machine() == EM_X86_64 || file.machine() == EM_AARCH64);
}

Result<UnwindTable> build_unwind_table(const ElfFile& file, RuleDictionary& dictionary,
                                       const FindDebugFile& debug_file) {
  if (!can_unwind(file)) return fail("its machine is neither x86-64 nor aarch64");
  std::vector<Range> code = code_of(file);
  if (code.empty()) return fail("it has no code");
  auto writer = TableWriter::create(dictionary, code.front().begin, code.back().end);
  if (!writer) return tl::unexpected(std::move(writer.error()));
  return TableBuilder(file, std::move(*writer), std::move(code), debug_file).build();
}

}  // namespace prof
