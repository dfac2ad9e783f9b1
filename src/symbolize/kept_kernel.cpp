#include "symbolize/kept_kernel.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "common/byte_writer.h"

namespace prof {

namespace {

/// Before the symbols, which the names follow, each with a NUL.
struct Head {
  uint64_t text = 0;   // of _text; 0: there is none
  uint64_t stext = 0;  // of _stext
  uint64_t count = 0;
};

struct Symbol {
  uint64_t start = 0;
  uint64_t end = 0;
  uint32_t name = 0;  // where it starts in the names
  uint32_t data = 0;  // 1: an object, not a function
};

/// How far the recorded kernel lay behind the running one, modulo 2^64.
std::optional<uint64_t> shift_to(const KernelReference& reference, const Head& head) {
  if (reference.address == 0 || reference.symbol.empty()) return 0;
  const uint64_t now = reference.symbol == "_text"    ? head.text
                       : reference.symbol == "_stext" ? head.stext
                                                      : 0;
  if (now == 0) return std::nullopt;
  return reference.address - now;
}

}  // namespace

std::vector<std::byte> pack_kernel(std::string_view kallsyms) {
  const std::string_view own = kernel_part(kallsyms);
  const Kallsyms parsed = parse_kallsyms({own.begin(), own.end()}, {});
  if (parsed.restricted || parsed.symbols.empty()) return {};
  ByteWriter out;
  out.put(parsed.text).put(parsed.stext).u64(parsed.symbols.size());
  uint32_t name = 0;
  for (uint32_t i = 0; i < parsed.symbols.size(); ++i) {
    const SymbolTable::Entry& entry = parsed.symbols[i];
    out.u64(entry.start).u64(entry.end).u32(name).u32(entry.data);
    name += static_cast<uint32_t>(parsed.symbols.name(i).size() + 1);
  }
  for (uint32_t i = 0; i < parsed.symbols.size(); ++i) out.text(parsed.symbols.name(i)).u8(0);
  return std::move(out).take();
}

std::optional<SymbolTable> unpack_kernel(std::span<const std::byte> packed, NameStorage storage,
                                         const KernelReference& reference) {
  Head head;
  if (packed.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, packed.data(), sizeof head);
  packed = packed.subspan(sizeof head);
  if (head.count > packed.size() / sizeof(Symbol)) return std::nullopt;
  const auto shift = shift_to(reference, head);
  if (!shift) return std::nullopt;
  std::vector<SymbolTable::Entry> entries;
  entries.reserve(head.count);
  for (size_t i = 0; i < head.count; ++i) {
    Symbol symbol;
    std::memcpy(&symbol, packed.data() + i * sizeof symbol, sizeof symbol);
    entries.push_back(
        {symbol.start + *shift, symbol.end + *shift, symbol.name, {}, symbol.data != 0});
  }
  const auto names = packed.subspan(head.count * sizeof(Symbol));
  return SymbolTable(std::move(entries), SymbolTable::Overlap::Innermost,
                     {reinterpret_cast<const char*>(names.data()), names.size()},
                     std::move(storage));
}

}  // namespace prof
