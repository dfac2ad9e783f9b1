#include "record/load_closure.h"

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string_view>

#include "common/text_file.h"
#include "object/elf_file.h"
#include "record/workload.h"

namespace prof {

namespace {

constexpr size_t kMostFiles = 512;

/// What the loader takes from a file: the dynamic section (gABI, chapter 5).
struct Needs {
  std::string interpreter;
  std::vector<std::string> libraries;
  std::vector<std::string> folders;
};

std::string_view string_at(std::span<const std::byte> bytes, uint64_t offset) {
  if (offset >= bytes.size()) return {};
  const auto* begin = reinterpret_cast<const char*>(bytes.data()) + offset;
  return {begin, ::strnlen(begin, bytes.size() - offset)};
}

std::string_view directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view(".") : path.substr(0, std::max<size_t>(slash, 1));
}

void add_folders(std::string_view list, std::string_view origin, std::vector<std::string>& to) {
  while (!list.empty()) {
    const auto colon = list.find(':');
    std::string folder(list.substr(0, colon));
    for (const std::string_view word : {"${ORIGIN}", "$ORIGIN"}) {
      const auto at = folder.find(word);
      if (at != folder.npos) folder.replace(at, word.size(), origin);
    }
    if (!folder.empty()) to.push_back(std::move(folder));
    if (colon == list.npos) return;
    list.remove_prefix(colon + 1);
  }
}

Needs needs_of(const ElfFile& file, const std::string& path) {
  Needs needs;
  if (!file.is_64() || file.swapped()) return needs;
  for (const ElfSegment& segment : file.segments()) {
    if (segment.type != PT_INTERP) continue;
    needs.interpreter = string_at(file.loaded_bytes(ElfAddr{segment.vaddr}), 0);
  }
  const ElfSection* dynamic = file.section(".dynamic");
  if (!dynamic || dynamic->link >= file.sections().size()) return needs;
  const auto strings = file.contents(file.sections()[dynamic->link]);
  const auto entries = file.contents(*dynamic);
  for (size_t at = 0; at + sizeof(Elf64_Dyn) <= entries.size(); at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry;
    std::memcpy(&entry, entries.data() + at, sizeof entry);
    if (entry.d_tag == DT_NULL) break;
    const auto text = string_at(strings, entry.d_un.d_val);
    if (entry.d_tag == DT_NEEDED) needs.libraries.emplace_back(text);
    if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) {
      add_folders(text, directory_of(path), needs.folders);
    }
  }
  return needs;
}

/// Where our own libraries are, and where the loader looks in any case.
std::vector<std::string> usual_folders() {
  std::vector<std::string> folders;
  if (const char* given = ::getenv("LD_LIBRARY_PATH")) add_folders(given, ".", folders);
  const auto add = [](dl_phdr_info* info, size_t, void* to) {
    auto& found = *static_cast<std::vector<std::string>*>(to);
    const std::string folder(directory_of(info->dlpi_name));
    if (folder.front() == '/' && std::ranges::find(found, folder) == found.end()) {
      found.push_back(folder);
    }
    return 0;
  };
  ::dl_iterate_phdr(add, &folders);
  for (const char* folder : {"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"}) {
    folders.emplace_back(folder);
  }
  return folders;
}

std::string find_library(const std::string& name, const std::vector<std::string>& first,
                         const std::vector<std::string>& then) {
  if (name.find('/') != name.npos) return name;
  for (const auto* folders : {&first, &then}) {
    for (const std::string& folder : *folders) {
      std::string path = folder + "/" + name;
      if (::access(path.c_str(), R_OK) == 0) return path;
    }
  }
  return {};
}

/// The program of a script's first line; env's is the one that it looks for.
std::string interpreter_of(const std::string& path) {
  const auto text = read_text_file(path, 256);
  if (!text || !text->starts_with("#!")) return {};
  std::string_view line = std::string_view(*text).substr(2);
  line = line.substr(0, line.find('\n'));
  const auto word = [&line] {
    const auto begin = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(begin);
    const auto found = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(found.size());
    return std::string(found);
  };
  const std::string program = word();
  const std::string argument = word();
  const bool is_env = program.ends_with("/env") && !argument.empty() && argument[0] != '-';
  return is_env ? command_path(argument) : program;
}

}  // namespace

std::vector<std::string> load_closure(const std::string& command) {
  std::vector<std::string> closure;
  std::deque<std::string> waiting;
  const auto add = [&](const std::string& path) {
    char real[PATH_MAX];
    if (path.empty() || closure.size() >= kMostFiles || !::realpath(path.c_str(), real)) return;
    if (std::ranges::find(closure, real) != closure.end()) return;
    closure.emplace_back(real);
    waiting.emplace_back(real);
  };
  const std::string path = command_path(command);
  add(path);
  add(interpreter_of(path));
  const auto usual = usual_folders();
  while (!waiting.empty()) {
    const std::string next = std::move(waiting.front());
    waiting.pop_front();
    const auto file = ElfFile::open(next);
    if (!file) {
      std::erase(closure, next);
      continue;
    }
    const Needs needs = needs_of(*file, next);
    add(needs.interpreter);
    for (const std::string& name : needs.libraries) add(find_library(name, needs.folders, usual));
  }
  return closure;
}

}  // namespace prof
