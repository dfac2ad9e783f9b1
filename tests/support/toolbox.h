// Toolbox: a scratch directory and the compilers and binutils that tests make real binaries with.
// Used by the tests of debug files and DWARF.
#pragma once

#include <string>
#include <string_view>

namespace prof::test {

/// Removed with all that is in it when the object goes.
class Toolbox {
 public:
  Toolbox();
  ~Toolbox();
  Toolbox(const Toolbox&) = delete;
  Toolbox& operator=(const Toolbox&) = delete;

  const std::string& directory() const { return directory_; }
  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }
  void write(std::string_view name, std::string_view text) const;
  /// Runs a shell command in the directory, its output in the file "output". False if it fails.
  bool run(const std::string& command) const;
  /// What a command prints; empty if it fails.
  std::string output_of(const std::string& command) const;

 private:
  std::string directory_;
};

/// Whether a program of that name can be run; says on the test's output that it is missing, once.
bool have_tool(const std::string& name);

std::string read_whole(const std::string& path);

}  // namespace prof::test
