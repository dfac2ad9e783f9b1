// The format is described in the kernel's tools/perf/Documentation/jit-interface.txt.
#include "symbolize/perf_map.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

namespace prof {

namespace {

std::string_view after_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// A hexadecimal number followed by a blank; both are taken off `text`.
bool take_number(std::string_view& text, uint64_t& value) {
  text = after_blanks(text);
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return text.starts_with(' ') || text.starts_with('\t');
}

}  // namespace

PerfMap parse_perf_map(std::vector<char> text) {
  PerfMap result;
  text.push_back('\n');
  std::vector<SymbolTable::Entry> entries;
  for (size_t begin = 0; begin < text.size();) {
    const auto newline = std::find(text.begin() + static_cast<ptrdiff_t>(begin), text.end(), '\n');
    const auto end = static_cast<size_t>(newline - text.begin());
    std::string_view line(text.data() + begin, end - begin);
    begin = end + 1;
    *newline = '\0';  // names end at a NUL
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
      *(newline - 1) = '\0';
    }
    if (line.empty()) continue;
    uint64_t start = 0;
    uint64_t size = 0;
    const bool numbers = take_number(line, start) && take_number(line, size);
    const std::string_view name = after_blanks(line);
    const bool wraps = start == UINT64_MAX || size > UINT64_MAX - 1 - start;
    if (!numbers || name.empty() || name[0] == '\0' || wraps) {
      ++result.bad_lines;
      continue;
    }
    const auto offset = static_cast<uint32_t>(name.data() - text.data());
    entries.push_back({start, start + std::max<uint64_t>(size, 1), offset, {}});
  }
  auto storage = std::make_shared<const std::vector<char>>(std::move(text));
  const std::string_view names(storage->data(), storage->size());
  result.symbols = SymbolTable(std::move(entries), SymbolTable::Overlap::LastAdded, names, storage);
  return result;
}

Result<PerfMap> read_perf_map(const UniqueFd& fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot stat '" + path + "'");
  const bool truncated = static_cast<uint64_t>(status.st_size) > kMaxPerfMap;
  std::vector<char> text(std::min(static_cast<size_t>(status.st_size), kMaxPerfMap));
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read '" + path + "'");
    if (got == 0) break;  // it became shorter meanwhile
    filled += static_cast<size_t>(got);
  }
  text.resize(filled);
  PerfMap map = parse_perf_map(std::move(text));
  map.truncated = truncated;
  return map;
}

}  // namespace prof
