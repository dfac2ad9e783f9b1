#include "unwind/unwind_module.h"

#include <utility>

#include "unwind/table_cache.h"

namespace prof {

namespace {

Result<UnwindTable> table_of(const ElfFile& file, RuleDictionary& dictionary,
                             const DiskCache& cache, const FindDebugFile& debug_file) {
  const std::string key = cache.enabled() && can_unwind(file) ? unwind_table_key(file) : "";
  if (!key.empty()) {
    if (const auto entry = cache.get(key)) {
      if (auto table = decode_unwind_table(entry->bytes(), dictionary)) return std::move(*table);
    }
  }
  auto table = build_unwind_table(file, dictionary, debug_file);
  // What depends on another file, that may come or go, is made anew.
  if (table && !key.empty() && !table->counts().asked_debug_file &&
      table->counts().rows >= kRowsWorthKeeping) {
    cache.put(key, encode_unwind_table(*table, dictionary));
  }
  return table;
}

}  // namespace

UnwindModule::UnwindModule(std::shared_ptr<const ElfFile> file, std::string name, UnwindTable table)
    : file_(std::move(file)), name_(std::move(name)), table_(std::move(table)) {}

Result<std::unique_ptr<const UnwindModule>> UnwindModule::of(std::shared_ptr<const ElfFile> file,
                                                             const std::string& name,
                                                             RuleDictionary& dictionary,
                                                             const DiskCache& cache,
                                                             const FindDebugFile& debug_file) {
  auto table = table_of(*file, dictionary, cache, debug_file);
  if (!table) {
    return tl::unexpected(std::move(table.error()).in("cannot unwind through '" + name + "'"));
  }
  return std::unique_ptr<const UnwindModule>(
      new UnwindModule(std::move(file), name, std::move(*table)));
}

Result<std::unique_ptr<const UnwindModule>> UnwindModule::open(const std::string& path,
                                                               RuleDictionary& dictionary) {
  auto file = ElfFile::open(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  return of(std::make_shared<const ElfFile>(std::move(*file)), path, dictionary);
}

Result<std::unique_ptr<const UnwindModule>> UnwindModule::from_image(std::vector<std::byte> image,
                                                                     const std::string& name,
                                                                     RuleDictionary& dictionary) {
  auto file = ElfFile::parse(image, name);  // a moved vector keeps its bytes where they are
  if (!file) return tl::unexpected(std::move(file.error()));
  auto table = table_of(*file, dictionary, {}, {});
  if (!table) {
    return tl::unexpected(std::move(table.error()).in("cannot unwind through '" + name + "'"));
  }
  std::unique_ptr<UnwindModule> module(
      new UnwindModule(std::make_shared<const ElfFile>(std::move(*file)), name, std::move(*table)));
  module->image_ = std::move(image);
  return module;
}

Result<std::unique_ptr<const UnwindModule>> UnwindModule::of_generated(
    uint16_t machine, std::span<const GeneratedFunction> functions, const std::string& name,
    RuleDictionary& dictionary) {
  auto table = build_generated_table(machine, functions, dictionary);
  if (!table) {
    return tl::unexpected(std::move(table.error()).in("cannot unwind through '" + name + "'"));
  }
  return std::unique_ptr<const UnwindModule>(
      new UnwindModule(std::make_shared<const ElfFile>(), name, std::move(*table)));
}

std::unique_ptr<const UnwindModule> UnwindModule::missing(const std::string& name) {
  return std::unique_ptr<const UnwindModule>(
      new UnwindModule(std::make_shared<const ElfFile>(), name, UnwindTable()));
}

const CfiSection* UnwindModule::eh_frame() const {
  std::call_once(eh_frame_read_, [this] { eh_frame_ = CfiSection::find_eh_frame(*file_); });
  return eh_frame_ ? &*eh_frame_ : nullptr;
}

}  // namespace prof
