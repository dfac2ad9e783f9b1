// Where the files are that probes are asked for by a name: in $PATH, among the libraries, or there.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "record/probed_file.h"

namespace prof {

namespace {

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// "libc" as libc.so.6, in the folders that the linker knows without being told.
std::string find_library(const std::string& name) {
  constexpr const char* kFolders[] = {"/lib/x86_64-linux-gnu",
                                      "/usr/lib/x86_64-linux-gnu",
                                      "/lib/aarch64-linux-gnu",
                                      "/usr/lib/aarch64-linux-gnu",
                                      "/lib64",
                                      "/usr/lib64",
                                      "/lib",
                                      "/usr/lib",
                                      "/usr/local/lib"};
  const auto close = [](DIR* dir) { ::closedir(dir); };
  for (const std::string folder : kFolders) {
    std::unique_ptr<DIR, decltype(close)> dir(::opendir(folder.c_str()), close);
    std::vector<std::string> found;
    while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
      const std::string_view file = entry->d_name;
      if (!file.starts_with(name)) continue;
      const auto rest = file.substr(name.size());
      // "libc.so" may be a text for the linker; the library that programs load has a number.
      if (rest.empty() || rest.starts_with(".so.") || rest == ".so") found.emplace_back(file);
    }
    std::ranges::sort(found, [](const std::string& a, const std::string& b) {
      const bool a_bare = a.ends_with(".so"), b_bare = b.ends_with(".so");
      return a_bare != b_bare ? b_bare : a < b;
    });
    for (const std::string& file : found) {
      const std::string path = folder + "/" + file;
      if (is_file(path) && ElfFile::open(path)) return path;
    }
  }
  return {};
}

std::string find_program(const std::string& name) {
  const char* text = std::getenv("PATH");
  std::string_view folders = text ? text : "/usr/bin:/bin";
  for (;;) {
    const auto colon = folders.find(':');
    const std::string path = std::string(folders.substr(0, colon)) + "/" + name;
    if (is_file(path) && ::access(path.c_str(), X_OK) == 0) return path;
    if (colon == folders.npos) return {};
    folders.remove_prefix(colon + 1);
  }
}

}  // namespace

std::string find_probed_file(const std::string& name) {
  if (name.find('/') != name.npos) return is_file(name) ? name : std::string();
  if (auto path = find_library(name); name.starts_with("lib") && !path.empty()) return path;
  if (auto path = find_program(name); !path.empty()) return path;
  return is_file(name) ? name : find_library("lib" + name);
}

}  // namespace prof
