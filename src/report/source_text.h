// SourceText: lines of source files, for `prof script -F srccode`. Asked by ScriptFrames for each
// distinct line.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace prof {

class SourceText {
 public:
  /// A line by its number, counted from 1, without its end; empty where the file is not on this
  /// machine or has no such line.
  std::string line(std::string_view path, uint32_t number);

 private:
  // Beyond it files are read again when they are asked for again.
  static constexpr size_t kMostBytes = size_t{64} << 20;
  struct File {
    std::string text;
    std::vector<size_t> lines;  // where they begin
  };
  std::map<std::string, File, std::less<>> files_;
  size_t bytes_ = 0;
};

}  // namespace prof
