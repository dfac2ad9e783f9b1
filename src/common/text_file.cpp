#include "common/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "common/unique_fd.h"

namespace prof {

Result<std::string> read_text_file(const std::string& path, size_t limit) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno("cannot open '" + path + "'");
  std::string text;
  size_t used = 0;
  while (used < limit) {
    // Files of /proc are made anew for each read: few large reads are cheaper than many small ones.
    if (text.size() == used) text.resize(std::min(limit, std::max<size_t>(4096, used * 2)));
    const ssize_t n = ::read(fd.get(), text.data() + used, text.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("cannot read '" + path + "'");
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  text.resize(used);
  return text;
}

std::string read_first_line(const std::string& path) {
  auto text = read_text_file(path, 4096);
  if (!text) return {};
  text->resize(std::min(text->find('\n'), text->size()));
  return std::move(*text);
}

}  // namespace prof
