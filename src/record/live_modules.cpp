#include "record/live_modules.h"

#include <fmt/format.h>

#include <utility>

#include "object/dso.h"
#include "symbolize/vdso.h"

namespace prof {

namespace {

DebugFileOptions finder_options(const DiskCache& cache) {
  DebugFileOptions options;
  options.cache = cache;
  return options;
}

}  // namespace

LiveModules::LiveModules(const DiskCache& cache) : cache_(cache), finder_(finder_options(cache)) {}

LiveModuleId LiveModules::of(const MmapRecord& mapping) {
  const auto kind = classify_mapping(mapping.filename, mapping.pid).kind;
  if (kind == DsoKind::PerfMap || kind == DsoKind::JitDump) return {};
  const auto key = fmt::format("{}\n{}\n{}:{}:{}", mapping.filename, mapping.build_id.hex(),
                               mapping.major, mapping.minor, mapping.inode);
  const LiveModuleId next{static_cast<uint32_t>(entries_.size())};
  const auto [known, added] = by_key_.try_emplace(key, next);
  if (!added) return known->second;
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
  entries_.push_back(std::move(entry));
  return next;
}

const UnwindModule& LiveModules::table_of(LiveModuleId id) {
  Entry& entry = entries_[id.value];
  if (!entry.module) entry.module = make(entry);
  if (!entry.module) entry.module = UnwindModule::missing(entry.binary.name);
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
  if (!fd) return nullptr;
  auto opened = ElfFile::open(fmt::format("/proc/self/fd/{}", fd.get()));
  if (!opened) return nullptr;
  const auto file = std::make_shared<const ElfFile>(std::move(*opened));
  const auto debug_frames = [&] {
    return finder_.find(file, entry.binary.name, DebugNeed::Frames).frames.file;
  };
  auto module = UnwindModule::of(file, entry.binary.name, rules_, cache_, debug_frames);
  return module ? std::move(*module) : nullptr;
}

}  // namespace prof
