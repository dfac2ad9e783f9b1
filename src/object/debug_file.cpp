// The places are those of GDB's manual ("Debugging Information in Separate Files"), elfutils and
// perf. perf's cache is .build-id/xx/yyy… → the directory of a copy, named "elf", or "debug" for a
// debug file; perf before 4.8 linked to the copy itself.
#include "object/debug_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include "object/debug_link.h"
#include "object/kept_binary.h"
#include "object/mini_debug_info.h"

namespace prof {

namespace {

/// Names come from recordings and files, and may mean a device or a FIFO, which must not be opened.
bool is_regular_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

FoundFile open_elf(const std::string& path) {
  if (!is_regular_file(path)) return {};
  auto file = ElfFile::open(path);
  if (!file) return {};
  return {std::make_shared<const ElfFile>(std::move(*file)), path};
}

bool has_symtab(const ElfFile& file) {
  const ElfSection* table = file.section(".symtab");
  return table && table->type == SHT_SYMTAB && file.symbol_count(*table) > 1;
}

bool has_contents(const ElfFile& file, std::initializer_list<const char*> any_of) {
  return std::ranges::any_of(any_of, [&](const char* name) {
    const ElfSection* section = file.section(name);
    return section && !file.contents(*section).empty();
  });
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, slash);
}

/// "xx/yyy…" below a .build-id folder.
std::string build_id_path(const BuildId& id) {
  const std::string hex = id.hex();
  return hex.substr(0, 2) + "/" + hex.substr(2);
}

std::string default_cache() {
  const char* home = std::getenv("HOME");
  return home && *home ? std::string(home) + "/.debug" : std::string();
}

}  // namespace

bool has_dwarf(const ElfFile& file) {
  return has_contents(file, {".debug_info", ".zdebug_info"});
}

/// One search: takes the first file with symbols and the first with DWARF that it is offered.
class DebugFileFinder::Search {
 public:
  Search(DebugFileFinder& finder, const ElfFile& file, DebugNeed need)
      : finder_(finder), options_(finder.options_), id_(file.build_id()), need_(need) {}

  bool done() const {
    if (need_ == DebugNeed::Frames) return static_cast<bool>(found.frames);
    return found.symbols && (need_ == DebugNeed::Symbols || found.dwarf);
  }
  void offer(const FoundFile& candidate) {
    if (need_ == DebugNeed::Frames) {
      if (has_contents(*candidate.file, {".debug_frame", ".zdebug_frame"})) {
        found.frames = candidate;
      }
      return;
    }
    if (!found.symbols && has_symtab(*candidate.file)) found.symbols = candidate;
    if (!found.dwarf && has_dwarf(*candidate.file)) found.dwarf = candidate;
  }
  void look_by_link(const ElfFile& file, const std::string& path);
  void look_by_build_id();
  void ask_debuginfod(const std::string& path);
  void look_for_alt();

  DebugFiles found;

 private:
  void look_at(const std::string& path);
  void look_at_linked(const std::string& path, const std::string& binary, uint32_t crc);

  DebugFileFinder& finder_;
  const DebugFileOptions& options_;
  BuildId id_;
  DebugNeed need_;
};

/// A path that the build id leads to.
void DebugFileFinder::Search::look_at(const std::string& path) {
  if (done()) return;
  const FoundFile candidate = open_elf(path);
  if (candidate && candidate.file->build_id().same_as(id_)) offer(candidate);
}

/// The build id decides where both files have one: dwz and eu-strip change a debug file after its
/// CRC was written down. The CRC decides where one of them has none.
void DebugFileFinder::Search::look_at_linked(const std::string& path, const std::string& binary,
                                             uint32_t crc) {
  if (done() || path == binary) return;
  const FoundFile candidate = open_elf(path);
  if (!candidate) return;
  const BuildId id = candidate.file->build_id();
  const bool right = id.empty() || id_.empty() ? crc_of_file(path) == crc : id.same_as(id_);
  if (right) offer(candidate);
}

void DebugFileFinder::Search::look_by_link(const ElfFile& file, const std::string& path) {
  const auto link = read_debug_link(file);
  if (!link || done()) return;
  const std::string& symfs = options_.symfs;
  const std::string folder = directory_of(path);
  look_at_linked(folder + "/" + link->name, path, link->crc);
  look_at_linked(folder + "/.debug/" + link->name, path, link->crc);
  // Below the debug root stands the folder as the system itself calls it.
  const bool inside = !symfs.empty() && folder.starts_with(symfs);
  const std::string own = inside ? folder.substr(symfs.size()) : folder;
  look_at_linked(symfs + options_.debug_root + own + "/" + link->name, path, link->crc);
}

void DebugFileFinder::Search::look_by_build_id() {
  if (id_.size < 2 || done()) return;
  const std::string root = options_.symfs + options_.debug_root;
  look_at(root + "/.build-id/" + build_id_path(id_) + ".debug");
  if (const std::string entry = finder_.cache_entry(id_); !entry.empty() && !done()) {
    look_at(entry + "/debug");
    look_at(entry + "/elf");
    look_at(entry);
  }
}

void DebugFileFinder::Search::ask_debuginfod(const std::string& path) {
  if (done() || id_.empty() || !options_.debuginfod.enabled) return;
  if (auto file = finder_.debuginfod_->find_debug_file(id_, path)) look_at(*file);
}

void DebugFileFinder::Search::look_for_alt() {
  if (!found.dwarf) return;
  const auto link = read_debug_alt_link(*found.dwarf.file);
  if (!link) return;
  const auto try_path = [&](const std::string& path) {
    if (found.alt) return;
    FoundFile candidate = open_elf(path);
    if (candidate && candidate.file->build_id().same_as(link->build_id)) {
      found.alt = std::move(candidate);
    }
  };
  const std::string root = options_.symfs + options_.debug_root;
  if (link->name.starts_with('/')) {
    try_path(options_.symfs + link->name);
  } else {
    try_path(directory_of(found.dwarf.path) + "/" + link->name);
  }
  if (link->build_id.size >= 2) {
    try_path(root + "/.build-id/" + build_id_path(link->build_id) + ".debug");
  }
  // A link is often relative to a build folder; what it is called is enough.
  try_path(root + "/.dwz/" + link->name.substr(link->name.rfind('/') + 1));
  if (!found.alt && options_.debuginfod.enabled) {
    if (auto file = finder_.debuginfod_->find_debug_file(link->build_id, link->name)) {
      try_path(*file);
    }
  }
}

DebugFileFinder::DebugFileFinder(DebugFileOptions options)
    : options_(std::move(options)), debuginfod_(std::make_unique<Debuginfod>(options_.debuginfod)) {
  if (!options_.perf_cache.empty()) return;
  options_.perf_cache = options_.symfs.empty() ? default_cache() : options_.symfs + "/.debug";
}

DebugFileFinder::~DebugFileFinder() = default;
DebugFileFinder::DebugFileFinder(DebugFileFinder&&) noexcept = default;

std::string DebugFileFinder::cache_entry(const BuildId& id) const {
  if (options_.perf_cache.empty() || id.size < 2) return {};
  return options_.perf_cache + "/.build-id/" + build_id_path(id);
}

DebugFiles DebugFileFinder::find(const std::shared_ptr<const ElfFile>& file,
                                 const std::string& path, DebugNeed need) {
  Search search(*this, *file, need);
  search.found.binary_path = path;
  // A file with DWARF was not stripped. The .symtab of another may be what strip left, so that a
  // debug file's is preferred, as perf does.
  const FoundFile self{file, path};
  if (has_dwarf(*file)) search.offer(self);
  search.look_by_link(*file, path);
  search.look_by_build_id();
  search.offer(self);
  if (!search.found.symbols && need != DebugNeed::Frames)
    search.found.mini = unpack_mini_debug_info(*file);
  search.ask_debuginfod(path);
  if (search.found.symbols) search.found.mini = nullptr;
  if (need == DebugNeed::All) search.look_for_alt();
  return std::move(search.found);
}

FoundFile DebugFileFinder::find_binary(const BuildId& id, const std::string& path) {
  if (const std::string entry = cache_entry(id); !entry.empty()) {
    for (const std::string& place : {entry + "/elf", entry}) {
      FoundFile candidate = open_elf(place);
      if (candidate && candidate.file->build_id().same_as(id)) return candidate;
    }
  }
  if (id.empty()) return {};
  if (const auto kept = options_.cache.get(kept_binary_key(id))) {
    FoundFile candidate = open_elf(kept->path());
    if (candidate && candidate.file->build_id().same_as(id)) return candidate;
  }
  if (!options_.debuginfod.enabled) return {};
  auto found = debuginfod_->find_executable(id, path);
  if (!found) return {};
  FoundFile candidate = open_elf(*found);
  if (!candidate || !candidate.file->build_id().same_as(id)) return {};
  return candidate;
}

}  // namespace prof
