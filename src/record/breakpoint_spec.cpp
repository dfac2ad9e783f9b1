#include "record/breakpoint_spec.h"

#include <fmt/core.h>
#include <linux/hw_breakpoint.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <set>
#include <vector>

#include "common/parse_number.h"
#include "common/text_file.h"
#include "object/elf_file.h"
#include "object/proc_maps.h"
#include "record/nearest_names.h"

namespace prof {

namespace {

constexpr std::string_view kPrefix = "mem:";

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(fmt::format("bad breakpoint '{}': {}", text, why),
              "write it as mem:0x601040, mem:0x601040/8:w or mem:symbol+8/4:rw; x is for execution",
              2);
}

/// "r", "w", "x" and what is made of them; 0 for anything else.
uint32_t parse_access(std::string_view letters) {
  uint32_t access = 0;
  for (const char letter : letters) {
    uint32_t bit = 0;
    if (letter == 'r') bit = HW_BREAKPOINT_R;
    if (letter == 'w') bit = HW_BREAKPOINT_W;
    if (letter == 'x') bit = HW_BREAKPOINT_X;
    if (bit == 0 || (access & bit) != 0) return 0;
    access |= bit;
  }
  return access;
}

/// Variables and functions of a file by name, and those that have nearly that one.
struct FoundSymbol {
  std::optional<uint64_t> addr;
  std::vector<std::string> names;
};

FoundSymbol find_symbol(const ElfFile& file, std::string_view wanted) {
  FoundSymbol found;
  bool global_found = false;
  for (const ElfSection& table : file.sections()) {
    if (table.type != SHT_SYMTAB && table.type != SHT_DYNSYM) continue;
    const auto strings = file.strings_of(table);
    for (size_t i = 0; i < file.symbol_count(table); ++i) {
      const ElfSymbol symbol = file.symbol(table, i);
      const unsigned type = symbol.type();
      if (symbol.section == SHN_UNDEF || symbol.section == SHN_ABS) continue;
      if (type != STT_OBJECT && type != STT_FUNC && type != STT_NOTYPE) continue;
      const auto full = elf_string(strings, symbol.name);
      const auto name = full.substr(0, full.find('@'));
      if (name.empty()) continue;
      if (name != wanted) {
        found.names.emplace_back(name);
        continue;
      }
      // One that others can use goes before one of a single source file.
      const bool global = symbol.binding() != STB_LOCAL;
      if (!found.addr || (global && !global_found)) found.addr = symbol.value;
      global_found = global_found || global;
    }
  }
  return found;
}

/// Where an address of a file is in memory, by how far its first segment lies from where the file
/// says; all of a file is moved as one. Later mappings are split by protections.
std::optional<uint64_t> place_in_memory(const ElfFile& file, uint64_t addr,
                                        std::span<const ProcMapsEntry> maps) {
  const auto first = std::ranges::find(file.segments(), uint32_t{PT_LOAD}, &ElfSegment::type);
  if (first == file.segments().end()) return std::nullopt;
  for (const ProcMapsEntry& map : maps) {
    if (first->offset < map.offset || first->offset - map.offset >= map.end - map.start) continue;
    return addr - first->vaddr + map.start + (first->offset - map.offset);
  }
  return std::nullopt;
}

Result<uint64_t> address_in_process(const std::string& symbol, pid_t pid) {
  const auto text = read_text_file(fmt::format("/proc/{}/maps", pid));
  if (!text) return tl::unexpected(text.error());
  std::vector<std::pair<std::string, std::vector<ProcMapsEntry>>> files;
  for_each_proc_map(*text, [&files](const ProcMapsEntry& entry) {
    if (entry.name.empty() || entry.name.front() != '/') return;
    const auto same = [&entry](const auto& file) { return file.first == entry.name; };
    const auto known = std::ranges::find_if(files, same);
    if (known != files.end()) {
      known->second.push_back(entry);
    } else {
      files.emplace_back(entry.name, std::vector{entry});
    }
  });
  std::vector<std::string> names;
  for (const auto& [path, maps] : files) {
    const auto file = ElfFile::open(fmt::format("/proc/{}/root{}", pid, path));
    if (!file) continue;
    FoundSymbol found = find_symbol(*file, symbol);
    if (found.addr) {
      if (const auto address = place_in_memory(*file, *found.addr, maps)) return *address;
    }
    names.insert(names.end(), found.names.begin(), found.names.end());
  }
  return fail(fmt::format("process {} has no symbol '{}'", pid, symbol),
              did_you_mean(symbol, names), 2);
}

}  // namespace

bool is_breakpoint(std::string_view text) {
  return text.starts_with(kPrefix);
}

Result<BreakpointSpec> parse_breakpoint(std::string_view text) {
  BreakpointSpec spec;
  auto rest = text.substr(kPrefix.size());
  const auto colon = rest.find(':');
  const auto place = rest.substr(0, colon);
  rest = colon == rest.npos ? std::string_view{} : rest.substr(colon + 1);
  const auto next = rest.find(':');
  spec.access = parse_access(rest.substr(0, next));
  if (spec.access != 0) {
    spec.has_modifiers = next != rest.npos;
    spec.modifiers = spec.has_modifiers ? rest.substr(next + 1) : std::string_view{};
  } else {
    if (colon != text.npos && next != rest.npos) return bad(text, "what it waits for is r, w or x");
    spec.has_modifiers = text.substr(kPrefix.size()).find(':') != text.npos;
    spec.modifiers = rest;
    spec.access = HW_BREAKPOINT_RW;
  }
  const auto slash = place.find('/');
  const auto where = place.substr(0, slash);
  spec.length = spec.access == HW_BREAKPOINT_X ? sizeof(long) : uint64_t{HW_BREAKPOINT_LEN_4};
  if (slash != place.npos) {
    const auto length = parse_number(place.substr(slash + 1));
    if (!length || *length == 0) return bad(text, "its length is a number of bytes");
    spec.length = *length;
  }
  if (where.empty()) return bad(text, "it does not say where");
  if (where.front() >= '0' && where.front() <= '9') {
    const auto address = parse_number(where);
    if (!address) return bad(text, "its address is a number, as 0x601040");
    spec.address = *address;
    return spec;
  }
  const auto plus = where.rfind('+');
  spec.symbol = std::string(where.substr(0, plus));
  if (plus != where.npos) {
    const auto offset = parse_number(where.substr(plus + 1));
    if (!offset || spec.symbol.empty()) return bad(text, "an offset is a number, as +8");
    spec.address = *offset;
  }
  return spec;
}

Result<uint64_t> address_in_command(const std::string& symbol,
                                    const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("cannot fork");
  if (pid == 0) {
    ::personality(ADDR_NO_RANDOMIZE);
    // The exec then stops before the program's first instruction.
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::execvp(argv.front(), argv.data());
    ::_exit(127);
  }
  int status = 0;
  const bool stopped = ::waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
  Result<uint64_t> found =
      fail(fmt::format("where '{}' is in '{}' cannot be found out: it does not run", symbol,
                       command.front()),
           "give an address, or start it and use -p");
  if (stopped) found = address_in_process(symbol, pid);
  if (stopped) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
  }
  if (!found && stopped && found.error().exit_code == 2) {
    Error error = found.error();
    error.message = fmt::format("'{}' has no symbol '{}'", command.front(), symbol);
    return tl::unexpected(std::move(error));
  }
  return found;
}

Result<uint64_t> address_in_processes(const std::string& symbol, std::span<const pid_t> pids) {
  std::optional<uint64_t> address;
  for (const pid_t pid : pids) {
    const auto found = address_in_process(symbol, pid);
    if (!found) return found;
    if (address && *address != *found) {
      return fail(fmt::format("'{}' is at 0x{:x} in one process and at 0x{:x} in another", symbol,
                              *address, *found),
                  "a breakpoint has one address: record one process", 2);
    }
    address = *found;
  }
  if (address) return *address;
  return fail(fmt::format("whose symbol is '{}'?", symbol),
              "give an address, or the processes: -p PID, or a command", 2);
}

}  // namespace prof
