#include "unwind/cfi_section.h"

#include <algorithm>

namespace prof {

namespace {

std::span<const std::byte> part(std::span<const std::byte> bytes, uint64_t begin, uint64_t end) {
  if (begin > end || end > bytes.size()) return {};
  return bytes.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

/// .eh_frame_hdr (Linux Standard Base, "The .eh_frame_hdr section") tells where .eh_frame begins.
std::optional<uint64_t> eh_frame_by_header(std::span<const std::byte> header, uint64_t addr) {
  CfiReader in(header, addr);
  const uint8_t version = in.u8();
  const uint8_t pointer = in.u8();
  in.skip(2);  // encodings of the table's count and of the table
  if (version != 1 || pointer == kPointerOmitted) return std::nullopt;
  const auto begin = in.encoded_pointer(pointer, addr);
  return in.ok() ? begin : std::nullopt;
}

}  // namespace

std::optional<CfiSection> CfiSection::find_eh_frame(const ElfFile& file) {
  uint64_t header_addr = 0;
  for (const ElfSegment& segment : file.segments()) {
    if (segment.type == PT_GNU_EH_FRAME) header_addr = segment.vaddr;
  }
  // By section first: static glibc programs have no PT_GNU_EH_FRAME.
  if (const ElfSection* section = file.section(".eh_frame")) {
    const auto bytes = file.contents(*section);
    if (!bytes.empty()) return CfiSection(Kind::EhFrame, bytes, section->addr, header_addr);
  }
  if (header_addr == 0) return std::nullopt;
  const auto begin = eh_frame_by_header(file.loaded_bytes(ElfAddr{header_addr}), header_addr);
  if (!begin) return std::nullopt;
  const auto bytes = file.loaded_bytes(ElfAddr{*begin});
  if (bytes.empty()) return std::nullopt;
  return CfiSection(Kind::EhFrame, bytes, *begin, header_addr, Terminator::Stop);
}

std::optional<CfiSection> CfiSection::find_debug_frame(const ElfFile& file, SectionData& holder) {
  // That of the largest programs takes some ten MiB.
  constexpr uint64_t kMostInflated = uint64_t{256} << 20;
  holder = SectionData::of(file, ".debug_frame", kMostInflated);
  if (holder.size() > kMostInflated) return std::nullopt;
  const auto bytes = holder.bytes();
  if (bytes.empty()) return std::nullopt;
  return CfiSection(Kind::DebugFrame, bytes, 0);
}

CfiSection::CfiSection(Kind kind, std::span<const std::byte> bytes, uint64_t addr,
                       uint64_t data_base, Terminator terminator)
    : kind_(kind), bytes_(bytes), addr_(addr), data_base_(data_base) {
  read_entries(terminator);
  order_fdes();
}

std::optional<CfiSection::Entry> CfiSection::entry_at(uint64_t offset) const {
  if (offset >= bytes_.size()) return std::nullopt;
  CfiReader in(part(bytes_, offset, bytes_.size()));
  Entry entry;
  entry.offset = offset;
  uint64_t length = in.u32();
  if (length == 0xffffffff) {
    length = in.u64();
    entry.offset_size = 8;
  } else if (length >= 0xfffffff0) {
    return std::nullopt;  // reserved
  }
  if (!in.ok() || length > in.remaining()) return std::nullopt;
  entry.body = offset + in.position();
  entry.end = entry.body + length;
  return entry;
}

bool CfiSection::is_cie(const Entry& entry, uint64_t id) const {
  if (kind_ == Kind::EhFrame) return id == 0;
  return id == (entry.offset_size == 8 ? UINT64_MAX : 0xffffffff);
}

void CfiSection::read_entries(Terminator terminator) {
  for (uint64_t offset = 0; offset < bytes_.size();) {
    const auto entry = entry_at(offset);
    if (!entry) {
      ++broken_;
      return;  // where the next one begins is unknown
    }
    offset = entry->end;
    if (entry->body == entry->end) {
      if (terminator == Terminator::Stop) return;
      continue;
    }
    CfiReader in(part(bytes_, entry->body, entry->end));
    // .eh_frame keeps 32-bit ids in its 64-bit entries, too (as gcc's and LLVM's readers have it).
    const bool wide = entry->offset_size == 8 && kind_ == Kind::DebugFrame;
    const uint64_t id = wide ? in.u64() : in.u32();
    if (!in.ok()) {
      ++broken_;
      continue;
    }
    if (is_cie(*entry, id)) continue;  // read when an FDE names it
    if (kind_ == Kind::EhFrame && id > entry->body) {
      ++broken_;
      continue;
    }
    if (!read_fde(*entry, kind_ == Kind::EhFrame ? entry->body - id : id)) ++broken_;
  }
}

std::optional<uint32_t> CfiSection::cie_at(uint64_t offset) {
  if (offset == last_cie_offset_) return last_cie_;
  const auto [at, added] = cie_by_offset_.try_emplace(offset);
  if (added) {
    if (auto cie = read_cie(offset)) {
      at->second = static_cast<uint32_t>(cies_.size());
      cies_.push_back(*cie);
    }
  }
  if (at->second) {
    last_cie_offset_ = offset;
    last_cie_ = *at->second;
  }
  return at->second;
}

std::optional<Cie> CfiSection::read_cie(uint64_t offset) const {
  const auto entry = entry_at(offset);
  if (!entry) return std::nullopt;
  CfiReader in(part(bytes_, entry->body, entry->end), addr_ + entry->body);
  const bool wide = entry->offset_size == 8 && kind_ == Kind::DebugFrame;
  if (!is_cie(*entry, wide ? in.u64() : in.u32())) return std::nullopt;

  Cie cie;
  const uint8_t version = in.u8();
  if (version != 1 && version != 3 && version != 4) return std::nullopt;
  std::string_view augmentation = in.c_string();
  if (version >= 4) {
    cie.address_size = in.u8();
    if (in.u8() != 0) return std::nullopt;  // segmented addresses
    if (cie.address_size != 4 && cie.address_size != 8) return std::nullopt;
  }
  cie.code_align = in.uleb();
  cie.data_align = in.sleb();
  cie.return_register = version == 1 ? in.u8() : in.reg();

  if (augmentation.starts_with('z')) {
    augmentation.remove_prefix(1);
    cie.sized_augmentation = true;
    const uint64_t size = in.uleb();
    const uint64_t addr = in.addr();
    CfiReader data(in.bytes(size), addr);
    for (const char letter : augmentation) {
      if (letter == 'R') {
        cie.pointer_encoding = data.u8();
      } else if (letter == 'P') {
        const uint8_t encoding = data.u8();
        if (encoding != kPointerOmitted && !data.encoded_number(encoding)) return std::nullopt;
      } else if (letter == 'L') {
        data.u8();
      } else if (letter == 'S') {
        cie.signal_frame = true;
      } else if (letter != 'B' && letter != 'G') {  // aarch64: signed with key B; memory tagging
        break;                                      // its data is of unknown size, and the last
      }
    }
    if (!data.ok()) return std::nullopt;
  } else if (!augmentation.empty()) {
    return std::nullopt;  // what follows cannot be told
  }
  if (!in.ok()) return std::nullopt;
  cie.instructions = in.rest();
  return cie;
}

bool CfiSection::read_fde(const Entry& entry, uint64_t cie_pointer) {
  const auto index = cie_at(cie_pointer);
  if (!index) return false;
  const Cie& cie = cies_[*index];
  CfiReader in(part(bytes_, entry.body, entry.end), addr_ + entry.body);
  in.skip(entry.offset_size == 8 && kind_ == Kind::DebugFrame ? 8 : 4);
  const auto begin = in.encoded_pointer(cie.pointer_encoding, data_base_, cie.address_size);
  const auto size = in.encoded_number(cie.pointer_encoding, cie.address_size);
  if (cie.sized_augmentation) in.skip(in.uleb());
  if (!begin || !size || !in.ok() || *begin + *size < *begin) return false;
  // Of functions that the linker threw away, .debug_frame keeps entries at 0, .eh_frame of size 0.
  if (*size == 0 || (kind_ == Kind::DebugFrame && *begin == 0)) return true;
  Fde fde;
  fde.begin = *begin;
  fde.end = *begin + *size;
  fde.offset = entry.offset;
  fde.cie = *index;
  fde.instructions = entry.body + in.position();
  fde.instructions_size = in.remaining();
  fdes_.push_back(fde);
  return true;
}

void CfiSection::order_fdes() {
  if (!std::ranges::is_sorted(fdes_, {}, &Fde::begin)) {
    std::ranges::stable_sort(fdes_, {}, &Fde::begin);
  }
  // Of two that begin at one address the first is kept; one that another begins inside of ends
  // there, as a search in .eh_frame_hdr's table has it.
  const auto same_begin = [](const Fde& a, const Fde& b) { return a.begin == b.begin; };
  fdes_.erase(std::unique(fdes_.begin(), fdes_.end(), same_begin), fdes_.end());
  for (size_t i = 1; i < fdes_.size(); ++i) {
    fdes_[i - 1].end = std::min(fdes_[i - 1].end, fdes_[i].begin);
  }
}

CfiReader CfiSection::instructions(const Fde& fde) const {
  return CfiReader(part(bytes_, fde.instructions, fde.instructions + fde.instructions_size),
                   addr_ + fde.instructions);
}

}  // namespace prof
