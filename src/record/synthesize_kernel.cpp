// The kernel's side of synthesis: where its text, its modules and its BPF programs lie.
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "common/text_file.h"
#include "common/unique_fd.h"
#include "object/build_id_reader.h"
#include "record/synthesize.h"

namespace prof {

namespace {

std::optional<uint64_t> parse_hex(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

/// The address of symbol `name` in (part of) kallsyms: "ffffffff81000000 T _text\n".
std::optional<uint64_t> symbol_address(std::string_view kallsyms, std::string_view name) {
  const auto wanted = fmt::format(" {}\n", name);
  const auto at = kallsyms.find(wanted);
  if (at == kallsyms.npos || at < 2) return std::nullopt;
  const auto line = kallsyms.rfind('\n', at);
  const auto address = parse_hex(kallsyms.substr(line == kallsyms.npos ? 0 : line + 1));
  return address && *address != 0 ? address : std::nullopt;
}

/// The size of the kernel's text by /proc/iomem, which has it as physical addresses:
/// "  01000000-0220bb07 : Kernel code". Zeros, for those who may not see them.
uint64_t kernel_code_size() {
  const auto text = read_text_file("/proc/iomem");
  if (!text) return 0;
  const auto at = text->find(" : Kernel code");
  if (at == text->npos) return 0;
  const auto newline = text->rfind('\n', at);
  std::string_view range(*text);
  range = range.substr(newline == text->npos ? 0 : newline + 1, at);
  range.remove_prefix(std::min(range.find_first_not_of(' '), range.size()));
  const auto first = parse_hex(range);
  const auto dash = range.find('-');
  const auto last = dash == range.npos ? std::nullopt : parse_hex(range.substr(dash + 1));
  return first && last && *last > *first ? *last - *first + 1 : 0;
}

/// Where the modules' files are: module name → path, from modules.dep, whose lines begin
/// "kernel/fs/ext4/ext4.ko.xz: …". In names, '-' and '_' are the same.
std::unordered_map<std::string, std::string> module_paths() {
  std::unordered_map<std::string, std::string> paths;
  utsname name{};
  ::uname(&name);
  const std::string root = fmt::format("/lib/modules/{}/", name.release);
  const auto text = read_text_file(root + "modules.dep");
  if (!text) return paths;
  std::string_view rest(*text);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto path = line.substr(0, line.find(':'));
    const auto base = path.substr(path.rfind('/') + 1);
    std::string module(base.substr(0, base.find(".ko")));
    std::ranges::replace(module, '-', '_');
    paths.emplace(std::move(module), root + std::string(path));
  }
  return paths;
}

template <size_t N>
long bpf(int command, std::array<uint64_t, N>& attr) {
  return ::syscall(SYS_bpf, command, attr.data(), sizeof attr);
}

struct BpfProgram {
  bpf_prog_info info{};
  std::vector<uint64_t> addresses;
  std::vector<uint32_t> lengths;
  std::vector<std::array<std::byte, BPF_TAG_SIZE>> tags;
};

/// Asks twice: for how many functions there are, then for where they lie. The attributes of bpf(2)
/// are written as words here: {u32 start_id}, {u32 prog_id}, {u32 fd, u32 size, u64 info}.
std::optional<BpfProgram> bpf_program(uint32_t id) {
  std::array<uint64_t, 2> by_id{id, 0};
  UniqueFd fd(static_cast<int>(bpf(BPF_PROG_GET_FD_BY_ID, by_id)));
  if (!fd) return std::nullopt;
  BpfProgram program;
  const auto ask = [&fd, &program] {
    std::array<uint64_t, 2> attr{
        static_cast<uint64_t>(fd.get()) | uint64_t{sizeof program.info} << 32,
        reinterpret_cast<uintptr_t>(&program.info)};
    return bpf(BPF_OBJ_GET_INFO_BY_FD, attr) == 0;
  };
  if (!ask()) return std::nullopt;
  const uint32_t count = std::min(
      {program.info.nr_jited_ksyms, program.info.nr_jited_func_lens, program.info.nr_prog_tags});
  program.addresses.resize(count);
  program.lengths.resize(count);
  program.tags.resize(count);
  bpf_prog_info second{};
  second.nr_jited_ksyms = second.nr_jited_func_lens = second.nr_prog_tags = count;
  second.jited_ksyms = reinterpret_cast<uintptr_t>(program.addresses.data());
  second.jited_func_lens = reinterpret_cast<uintptr_t>(program.lengths.data());
  second.prog_tags = reinterpret_cast<uintptr_t>(program.tags.data());
  program.info = second;
  if (count == 0 || !ask()) return std::nullopt;
  return program;
}

/// The kernel's way to name a program's functions without BTF at hand: bpf_prog_TAG_NAME, and "F"
/// for all but the first.
std::string function_name(const BpfProgram& program, size_t index) {
  return fmt::format("bpf_prog_{}_{}", BuildId::from(program.tags[index]).hex(),
                     index == 0 ? program.info.name : "F");
}

}  // namespace

std::optional<KernelText> find_kernel_text() {
  // The start of the text is among the first symbols; its end is after a hundred thousand more,
  // which take longer to read than all else a short recording does.
  constexpr size_t kFirstSymbols = 32 << 10;
  const std::string path = "/proc/kallsyms";
  auto symbols = read_text_file(path, kFirstSymbols);
  if (!symbols) return std::nullopt;
  KernelText text;
  for (const char* symbol : {"_text", "_stext"}) {
    const auto address = symbol_address(*symbols, symbol);
    if (!address) continue;
    text.start = *address;
    text.symbol = symbol;
    break;
  }
  if (text.start == 0) return std::nullopt;
  if (const uint64_t size = kernel_code_size(); size != 0) {
    text.end = text.start + size;
    return text;
  }
  symbols = read_text_file(path);
  const auto end = symbols ? symbol_address(*symbols, "_etext") : std::nullopt;
  if (!end || *end <= text.start) return std::nullopt;
  text.end = *end;
  return text;
}

void Synthesizer::modules() {
  // "ext4 1130496 2 - Live 0xffffffffc0a00000", with zeros for who may not see addresses
  const auto text = read_text_file("/proc/modules");
  if (!text || text->empty()) return;
  const auto paths = module_paths();
  std::string_view rest(*text);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::array<std::string_view, 6> words;
    std::string_view left = line;
    for (auto& word : words) {
      word = left.substr(0, left.find(' '));
      left.remove_prefix(std::min(word.size() + 1, left.size()));
    }
    const auto address = parse_hex(words[5]);
    uint64_t size = 0;
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), size);
    if (!address || *address == 0 || size == 0) continue;
    const std::string module(words[0]);
    const auto path = paths.find(module);
    const auto name = path == paths.end() ? "[" + module + "]" : path->second;
    Mmap2Fields fields;
    fields.cpu_mode = CpuMode::Kernel;
    fields.pid = UINT32_MAX;
    fields.start = *address;
    fields.length = size;
    fields.build_id = module_build_id(module);
    fields.protection = PROT_EXEC;
    fields.filename = name;
    records_.mmap2(fields);
    flush_if_large();
  }
}

void Synthesizer::bpf_programs() {
  for (uint32_t id = 0;;) {
    std::array<uint64_t, 2> attr{id, 0};  // start_id; next_id is the second word's first half
    if (bpf(BPF_PROG_GET_NEXT_ID, attr) != 0) return;
    id = static_cast<uint32_t>(attr[0] >> 32);
    const auto program = bpf_program(id);
    if (!program) continue;
    const auto tag = std::as_bytes(std::span(program->info.tag));
    for (size_t i = 0; i < program->addresses.size(); ++i) {
      records_.ksymbol(program->addresses[i], program->lengths[i], PERF_RECORD_KSYMBOL_TYPE_BPF,
                       function_name(*program, i));
    }
    records_.bpf_event(PERF_BPF_EVENT_PROG_LOAD, id, tag);
    flush_if_large();
  }
}

}  // namespace prof
