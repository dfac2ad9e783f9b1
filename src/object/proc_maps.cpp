#include "object/proc_maps.h"

#include <charconv>
#include <concepts>

namespace prof {

namespace {

/// A cursor over one line; failure sticks.
class LineParser {
 public:
  explicit LineParser(std::string_view line) : rest_(line) {}

  template <std::unsigned_integral T>
  T number(int base, char separator) {
    T value{};
    const auto [end, error] =
        std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, base);
    const auto used = static_cast<size_t>(end - rest_.data());
    if (error != std::errc{} || used >= rest_.size() || rest_[used] != separator) {
      ok_ = false;
      rest_ = {};
      return T{};
    }
    rest_.remove_prefix(used + 1);
    return value;
  }

  std::string_view word(size_t size) {
    if (rest_.size() <= size || rest_[size] != ' ') {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const auto text = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    return text;
  }

  /// The number that ends the line, or stands before blanks and the rest of it.
  uint64_t last_number() {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, 10);
    const auto used = static_cast<size_t>(end - rest_.data());
    if (error != std::errc{} || (used < rest_.size() && rest_[used] != ' ')) ok_ = false;
    rest_.remove_prefix(used);
    const auto text = rest_.find_first_not_of(' ');
    rest_ = text == rest_.npos ? std::string_view{} : rest_.substr(text);
    return value;
  }

  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<ProcMapsEntry> parse_proc_maps_line(std::string_view line) {
  // "7f967f085000-7f967f0ab000 r-xp 00001000 fe:00 332383       /usr/lib/x86_64-linux-gnu/ld.so"
  LineParser parser(line);
  ProcMapsEntry entry;
  entry.start = parser.number<uint64_t>(16, '-');
  entry.end = parser.number<uint64_t>(16, ' ');
  const auto flags = parser.word(4);
  entry.offset = parser.number<uint64_t>(16, ' ');
  entry.major = parser.number<uint32_t>(16, ':');
  entry.minor = parser.number<uint32_t>(16, ' ');
  entry.inode = parser.last_number();
  entry.name = parser.rest();
  if (!parser.ok() || entry.end <= entry.start) return std::nullopt;
  entry.readable = flags[0] == 'r';
  entry.writable = flags[1] == 'w';
  entry.executable = flags[2] == 'x';
  entry.shared = flags[3] == 's';
  return entry;
}

}  // namespace prof
