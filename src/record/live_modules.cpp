#include "record/live_modules.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <utility>

#include "object/build_id_reader.h"
#include "object/dso.h"
#include "symbolize/vdso.h"

namespace prof {

namespace {

constexpr int kMostAttempts = 8;

DebugFileOptions finder_options(const DiskCache& cache) {
  DebugFileOptions options;
  options.cache = cache;
  return options;
}

/// A build id says it all; what has none is told apart by its name and inode.
std::string key_of(const RunningBinary& binary) {
  if (!binary.id.empty()) return binary.id.hex();
  return fmt::format("{}\n{}:{}:{}", binary.name, binary.major, binary.minor, binary.inode);
}

}  // namespace

LiveModules::LiveModules(const DiskCache& cache) : cache_(cache), finder_(finder_options(cache)) {}

LiveModuleId LiveModules::of(const MmapRecord& mapping) {
  const auto kind = classify_mapping(mapping.filename, mapping.pid).kind;
  if (kind == DsoKind::PerfMap || kind == DsoKind::JitDump) return {};
  Entry entry;
  entry.binary.pid = mapping.pid;
  entry.binary.start = mapping.start;
  entry.binary.end = mapping.start + mapping.length;
  entry.binary.name = mapping.filename;
  entry.binary.id = mapping.build_id;
  entry.binary.major = mapping.major;
  entry.binary.minor = mapping.minor;
  entry.binary.inode = mapping.inode;
  entry.vdso = kind == DsoKind::Vdso;
  if (kind != DsoKind::File && kind != DsoKind::Vdso) {
    entry.module = UnwindModule::missing(entry.binary.name);
  }
  return add(std::move(entry));
}

LiveModuleId LiveModules::add(Entry entry) {
  const LiveModuleId next{static_cast<uint32_t>(entries_.size())};
  const auto [known, added] = by_key_.try_emplace(key_of(entry.binary), next);
  if (added) {
    entries_.push_back(std::move(entry));
    return next;
  }
  // Another process may lead to a file that the first one does not any more.
  Entry& old = entries_[known->second.value];
  if (old.failed && old.binary.pid != entry.binary.pid && old.attempts < kMostAttempts) {
    given_up_.push_back(std::move(old.module));
    old.module = nullptr;
    old.failed = false;
  }
  if (!old.module) old.binary = std::move(entry.binary);
  return known->second;
}

void LiveModules::prepare(const std::string& path) {
  const UniqueFd fd = open_regular(path);
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return;
  Entry entry;
  entry.binary.name = path;
  entry.binary.id = build_id_of_file(fd.get());
  if (entry.binary.id.empty()) {
    entry.binary.major = major(status.st_dev);
    entry.binary.minor = minor(status.st_dev);
    entry.binary.inode = status.st_ino;
  }
  Entry& added = entries_[add(std::move(entry)).value];
  if (!added.module) added.module = make(fd, path);
}

const UnwindModule& LiveModules::table_of(LiveModuleId id) {
  Entry& entry = entries_[id.value];
  if (!entry.module) entry.module = make(entry);
  if (!entry.module) {
    entry.module = UnwindModule::missing(entry.binary.name);
    entry.failed = true;
    ++entry.attempts;
  }
  return *entry.module;
}

std::unique_ptr<const UnwindModule> LiveModules::make(const Entry& entry) {
  if (entry.vdso) {
    const auto image = running_vdso_image();
    if (!image || entry.binary.name != "[vdso]") return nullptr;
    auto module =
        UnwindModule::from_image({image->begin(), image->end()}, entry.binary.name, rules_);
    return module ? std::move(*module) : nullptr;
  }
  UniqueFd fd = open_by_name(entry.binary);
  if (!fd) fd = open_by_process(entry.binary);
  return fd ? make(fd, entry.binary.name) : nullptr;
}

std::unique_ptr<const UnwindModule> LiveModules::make(const UniqueFd& fd, const std::string& name) {
  auto opened = ElfFile::open(fmt::format("/proc/self/fd/{}", fd.get()));
  if (!opened) return nullptr;
  const auto file = std::make_shared<const ElfFile>(std::move(*opened));
  const auto debug_frames = [&] { return finder_.find(file, name, DebugNeed::Frames).frames.file; };
  auto module = UnwindModule::of(file, name, rules_, cache_, debug_frames);
  file->drop_all();  // what follows asks for little of it
  return module ? std::move(*module) : nullptr;
}

}  // namespace prof
