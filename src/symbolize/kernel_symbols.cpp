#include "symbolize/kernel_symbols.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "common/unique_fd.h"
#include "object/elf_file.h"

namespace prof {

namespace {

constexpr uint64_t kPage = 4096;
constexpr size_t kMaxKallsyms = size_t{512} << 20;

struct KernelSymbol {
  uint64_t start = 0;
  uint32_t name = 0;
  bool in_module = false;
  bool data = false;
};

struct Line {
  uint64_t address = 0;
  char type = 0;
  std::string_view name;
  bool in_module = false;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Line> parse_line(std::string_view text) {
  Line line;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const int digit = hex_digit(text[at]);
    if (digit < 0) break;
    if (at == 16) return std::nullopt;
    line.address = line.address << 4 | static_cast<uint64_t>(digit);
  }
  if (at == 0 || text.size() < at + 4 || text[at] != ' ' || text[at + 2] != ' ') {
    return std::nullopt;
  }
  line.type = text[at + 1];
  line.name = text.substr(at + 3);
  if (const auto tab = line.name.find('\t'); tab != line.name.npos) {
    line.in_module = true;
    line.name = line.name.substr(0, tab);
  }
  line.name = line.name.substr(0, line.name.find('\0'));
  if (line.name.empty()) return std::nullopt;
  return line;
}

/// perf's choice: text, weak, data and bss. Data bounds the text before it.
bool is_accepted(const Line& line) {
  switch (line.type | 0x20) {
    case 't':
    case 'w':
    case 'd':
    case 'b':
      return line.name[0] != '$';  // ARM's marks, which are no names
    default:
      return false;
  }
}

bool is_data(const Line& line) {
  return (line.type | 0x20) != 't' && (line.type | 0x20) != 'w';
}

/// kallsyms gives no sizes: a symbol goes on to the next one, but not from the kernel into the
/// modules or back, where it ends with a page. Of names of one address the last one remains, as in
/// perf: it is the one that gets the room up to the next address.
std::vector<SymbolTable::Entry> with_ends(std::vector<KernelSymbol> symbols) {
  if (!std::ranges::is_sorted(symbols, {}, &KernelSymbol::start)) {
    std::ranges::stable_sort(symbols, {}, &KernelSymbol::start);
  }
  std::vector<SymbolTable::Entry> entries;
  entries.reserve(symbols.size());
  for (size_t i = 0; i < symbols.size(); ++i) {
    const KernelSymbol& symbol = symbols[i];
    const bool last = i + 1 == symbols.size();
    if (!last && symbols[i + 1].start == symbol.start) continue;
    uint64_t end = UINT64_MAX;
    if (!last && symbols[i + 1].in_module == symbol.in_module) {
      end = symbols[i + 1].start;
    } else if (symbol.start < UINT64_MAX - 2 * kPage) {
      end = (symbol.start + kPage + kPage - 1) / kPage * kPage;
      if (!last) end = std::min(end, symbols[i + 1].start);
    }
    entries.push_back({symbol.start, end, symbol.name, {}, symbol.data});
  }
  return entries;
}

/// Calls `use` for each well-formed line, whose name it ends with a NUL; returns the others' count.
template <class Use>
size_t for_each_line(std::vector<char>& text, Use use) {
  size_t bad = 0;
  text.push_back('\n');
  char* const end = text.data() + text.size();
  for (char* begin = text.data(); begin != end;) {
    char* const newline =
        static_cast<char*>(std::memchr(begin, '\n', static_cast<size_t>(end - begin)));
    const std::string_view whole(begin, static_cast<size_t>(newline - begin));
    begin = newline + 1;
    if (whole.empty()) continue;
    const auto line = parse_line(whole);
    if (!line) {
      ++bad;
      continue;
    }
    text[static_cast<size_t>(line->name.data() - text.data()) + line->name.size()] = '\0';
    use(*line);
  }
  return bad;
}

Result<std::vector<char>> read_whole(const std::string& path, size_t first_guess, size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno("cannot open '" + path + "'");
  std::vector<char> text(first_guess);
  size_t filled = 0;
  while (filled < limit) {
    if (filled == text.size()) text.resize(text.size() * 2);
    const ssize_t got = ::read(fd.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read '" + path + "'");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  text.resize(filled);
  return text;
}

}  // namespace

Kallsyms parse_kallsyms(std::vector<char> text, const KernelReference& reference) {
  Kallsyms result;
  std::vector<KernelSymbol> symbols;
  symbols.reserve(text.size() / 40);
  std::optional<uint64_t> reference_now;
  bool any_address = false;
  bool any_line = false;
  result.bad_lines = for_each_line(text, [&](const Line& line) {
    any_line = true;
    any_address = any_address || line.address != 0;
    if (!reference_now && !line.in_module && line.name == reference.symbol) {
      reference_now = line.address;
    }
    if (!line.in_module && line.name == "_text") result.text = line.address;
    if (!line.in_module && line.name == "_stext") result.stext = line.address;
    if (is_accepted(line)) {
      const auto offset = static_cast<uint32_t>(line.name.data() - text.data());
      symbols.push_back({line.address, offset, line.in_module, is_data(line)});
    }
  });
  if (any_line && !any_address) {
    result.restricted = true;
    return result;
  }
  if (reference_now && reference.address != 0 && *reference_now != reference.address) {
    const uint64_t shift = reference.address - *reference_now;
    std::erase_if(symbols, [](const KernelSymbol& s) { return s.in_module; });
    for (KernelSymbol& symbol : symbols) symbol.start += shift;
  }
  auto storage = std::make_shared<const std::vector<char>>(std::move(text));
  const std::string_view names(storage->data(), storage->size());
  result.symbols =
      SymbolTable(with_ends(std::move(symbols)), SymbolTable::Overlap::Innermost, names, storage);
  return result;
}

Result<std::vector<char>> read_kallsyms(const std::string& path) {
  return read_whole(path, size_t{8} << 20, kMaxKallsyms);
}

std::string_view kernel_part(std::string_view kallsyms) {
  const size_t module = kallsyms.find("\t[");
  if (module == kallsyms.npos) return kallsyms;
  const size_t line = kallsyms.rfind('\n', module);
  return kallsyms.substr(0, line == kallsyms.npos ? 0 : line + 1);
}

BuildId running_kernel_build_id() {
  const auto notes = read_whole("/sys/kernel/notes", 4096, size_t{1} << 20);
  if (!notes) return {};
  return build_id_of_notes(std::as_bytes(std::span(*notes)));
}

}  // namespace prof
