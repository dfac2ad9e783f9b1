#include "support/toolbox.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

namespace prof::test {

Toolbox::Toolbox() : directory_(std::filesystem::temp_directory_path() / "prof-tools-XXXXXX") {
  if (!::mkdtemp(directory_.data())) std::abort();
}

Toolbox::~Toolbox() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void Toolbox::write(std::string_view name, std::string_view text) const {
  const std::filesystem::path file = path(name);
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary)
      .write(text.data(), static_cast<std::streamsize>(text.size()));
}

bool Toolbox::run(const std::string& command) const {
  const std::string line = "cd '" + directory_ + "' && ( " + command + " ) >output 2>errors";
  return std::system(line.c_str()) == 0;
}

std::string Toolbox::output_of(const std::string& command) const {
  return run(command) ? read_whole(path("output")) : std::string();
}

bool have_tool(const std::string& name) {
  if (std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0) return true;
  static std::set<std::string> told;
  if (told.insert(name).second) std::printf("skipped for lack of %s\n", name.c_str());
  return false;
}

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace prof::test
