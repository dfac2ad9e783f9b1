#include "symbolize/code_image.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "symbolize/kernel_symbols.h"
#include "symbolize/symbol_source.h"

namespace prof {

namespace {

/// Whether kallsyms has the symbol that the recording knows the kernel's place by where it was:
/// then nothing has booted since.
bool is_recorded_boot(const KernelInfo& kernel, const SymbolizerOptions& options) {
  if (kernel.reference_symbol.empty() || kernel.reference_address == 0) return false;
  const bool live = options.kallsyms_path == SymbolizerOptions{}.kallsyms_path;
  if (live && !kernel.foreign.empty()) return false;
  if (live && !kernel.build_id.empty() && !kernel.build_id.same_as(running_kernel_build_id())) {
    return false;
  }
  const auto text = read_kallsyms(options.kallsyms_path);
  if (!text) return false;
  // "ffffffff81000000 T _text"
  std::string_view rest(text->data(), text->size());
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!line.ends_with(kernel.reference_symbol)) continue;
    uint64_t address = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
    const auto name = line.substr(static_cast<size_t>(end - line.data()));
    if (error == std::errc{} && name.size() == kernel.reference_symbol.size() + 3) {
      return address == kernel.reference_address;
    }
  }
  return false;
}

}  // namespace

std::shared_ptr<const CodeImage> CodeImage::by_offset(std::shared_ptr<const ElfFile> file) {
  auto image = std::make_shared<CodeImage>();
  image->file_ = std::move(file);
  image->offsets_ = true;
  return image;
}

std::shared_ptr<const CodeImage> CodeImage::by_address(std::shared_ptr<const ElfFile> file,
                                                       uint64_t bias) {
  auto image = std::make_shared<CodeImage>();
  image->file_ = std::move(file);
  image->bias_ = bias;
  return image;
}

std::shared_ptr<const CodeImage> CodeImage::of_memory(CoreMemory memory) {
  auto image = std::make_shared<CodeImage>();
  image->memory_ = std::move(memory);
  return image;
}

uint16_t CodeImage::machine() const {
  return file_ ? file_->machine() : memory_.machine();
}

size_t CodeImage::read(uint64_t address, std::span<std::byte> out) const {
  if (!file_) return memory_.read(VirtAddr{address}, out);
  const auto at =
      offsets_ ? file_->elf_addr(FileOffset{address}) : std::optional(ElfAddr{address - bias_});
  if (!at) return 0;
  const auto bytes = file_->loaded_bytes(*at);
  const size_t size = std::min(bytes.size(), out.size());
  std::copy_n(bytes.begin(), size, out.begin());
  return size;
}

std::shared_ptr<const CodeImage> open_code(const Dso& dso, const KernelInfo& kernel,
                                           const SymbolizerOptions& options,
                                           DebugFileFinder& finder) {
  MissReason miss{};
  std::string warning;  // the symbols' source tells the user
  std::shared_ptr<const ElfFile> file;
  if (dso.kind == DsoKind::File) {
    file = open_binary(dso, kernel, options, finder, miss, warning).file;
  } else if (dso.kind == DsoKind::Vdso) {
    file = open_vdso(dso, kernel, miss, warning);
  }
  return file ? CodeImage::by_offset(std::move(file)) : nullptr;
}

std::shared_ptr<const CodeImage> open_kernel_code(const KernelInfo& kernel,
                                                  const SymbolizerOptions& options,
                                                  DebugFileFinder& finder) {
  if (options.vmlinux_path.empty()) {
    const std::string& list = options.kallsyms_path;
    auto memory = CoreMemory::open(list.substr(0, list.rfind('/') + 1) + "kcore");
    if (memory && is_recorded_boot(kernel, options)) {
      return CodeImage::of_memory(std::move(*memory));
    }
  }
  MissReason miss{};
  std::string warning;
  const FoundFile found = open_vmlinux(kernel, options, finder, miss, warning);
  const auto bias = found ? vmlinux_bias(kernel, *found.file) : std::nullopt;
  return bias ? CodeImage::by_address(found.file, *bias) : nullptr;
}

}  // namespace prof
