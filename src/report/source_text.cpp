#include "report/source_text.h"

#include <sys/stat.h>

#include "common/text_file.h"

namespace prof {

std::string SourceText::line(std::string_view path, uint32_t number) {
  if (number == 0) return {};
  auto found = files_.find(path);
  if (found == files_.end()) {
    if (bytes_ > kMostBytes) {
      files_.clear();
      bytes_ = 0;
    }
    File file;
    // A path in a recording names whatever its maker wished: only a file is opened, no device.
    const std::string name(path);
    if (struct stat status{}; ::stat(name.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      file.text = read_text_file(name, kMostBytes).value_or("");
    }
    file.lines.push_back(0);
    for (size_t at = file.text.find('\n'); at != file.text.npos;
         at = file.text.find('\n', at + 1)) {
      file.lines.push_back(at + 1);
    }
    bytes_ += file.text.size() + file.lines.size() * sizeof(size_t);
    found = files_.emplace(name, std::move(file)).first;
  }
  const File& file = found->second;
  if (number > file.lines.size()) return {};
  const size_t begin = file.lines[number - 1];
  const size_t end = number < file.lines.size() ? file.lines[number] - 1 : file.text.size();
  return file.text.substr(begin, end - begin);
}

}  // namespace prof
