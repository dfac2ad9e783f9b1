#include "unwind/unwind_module.h"

#include <utility>

#include "unwind/table_builder.h"

namespace prof {

UnwindModule::UnwindModule(std::vector<std::byte> image, ElfFile file, std::string name,
                           UnwindTable table)
    : image_(std::move(image)),
      file_(std::move(file)),
      name_(std::move(name)),
      table_(std::move(table)) {}

Result<std::unique_ptr<const UnwindModule>> UnwindModule::make(std::vector<std::byte> image,
                                                               Result<ElfFile> file,
                                                               const std::string& name,
                                                               RuleDictionary& dictionary) {
  if (!file) return tl::unexpected(std::move(file.error()));
  auto table = build_unwind_table(*file, dictionary);
  if (!table) {
    return tl::unexpected(std::move(table.error()).in("cannot unwind through '" + name + "'"));
  }
  return std::unique_ptr<const UnwindModule>(
      new UnwindModule(std::move(image), std::move(*file), name, std::move(*table)));
}

Result<std::unique_ptr<const UnwindModule>> UnwindModule::open(const std::string& path,
                                                               RuleDictionary& dictionary) {
  return make({}, ElfFile::open(path), path, dictionary);
}

Result<std::unique_ptr<const UnwindModule>> UnwindModule::from_image(std::vector<std::byte> image,
                                                                     const std::string& name,
                                                                     RuleDictionary& dictionary) {
  auto file = ElfFile::parse(image, name);  // a moved vector keeps its bytes where they are
  return make(std::move(image), std::move(file), name, dictionary);
}

std::unique_ptr<const UnwindModule> UnwindModule::missing(const std::string& name) {
  return std::unique_ptr<const UnwindModule>(new UnwindModule({}, ElfFile(), name, UnwindTable()));
}

const CfiSection* UnwindModule::eh_frame() const {
  std::call_once(eh_frame_read_, [this] { eh_frame_ = CfiSection::find_eh_frame(file_); });
  return eh_frame_ ? &*eh_frame_ : nullptr;
}

}  // namespace prof
