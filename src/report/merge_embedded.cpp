#include "report/merge_embedded.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

#include "object/dso.h"
#include "report/embedded.h"
#include "report/jit_dumps.h"

namespace prof {

namespace {

constexpr std::string_view kKernelName = "[kernel.kallsyms]";

/// A file of the merged recording: what tells it from others there.
using FileKey = std::pair<std::string, std::string>;  // name and build id

class Joining {
 public:
  Joining(const std::vector<EmbeddedInput>& inputs, const std::vector<BuildIdEntry>& build_ids)
      : inputs_(inputs), build_ids_(build_ids) {
    for (const EmbeddedInput& input : inputs_) {
      for (const auto& [name, file] : input.files) note(input, name, file);
    }
  }

  /// To be told of all before the first is added. The views are `embedded`'s.
  void compare(const EmbeddedInput& input, const Embedded& embedded) {
    embedded.names().for_each(
        [&](std::string_view dso, uint64_t address, const RecordedName& name) {
          const auto file = input.files.find(std::string(dso));
          if (file == input.files.end()) return;
          const auto [moved, id] = key_of(input, file->first, file->second);
          Place& place = places_.at({moved, id.hex()});
          if (!place.is_doubtful || place.is_ambiguous) return;
          const auto [known, added] = place.names.try_emplace(input.rebase.kernel_address(address),
                                                              name.name, address - name.start);
          const auto here = std::pair(name.name, address - name.start);
          if (!added && known->second != here) place.is_ambiguous = true;
        });
  }

  void add(const EmbeddedInput& input, const Embedded& embedded) {
    const Rebase& rebase = input.rebase;
    embedded.names().for_each([&](std::string_view dso, uint64_t address, RecordedName name) {
      const auto file = input.files.find(std::string(dso));
      if (file == input.files.end()) return;  // nothing is mapped there
      const auto [moved, id] = key_of(input, file->first, file->second);
      if (places_.at({moved, id.hex()}).clashes()) {
        left_out_.insert(file->first);
        return;
      }
      if (address >> 63 != 0) {
        const uint64_t size = name.end - name.start;
        name.start = rebase.kernel_address(name.start);
        name.end = name.start + size;
      }
      writer_.add_name(moved, id, rebase.kernel_address(address), name,
                       embedded.names().calls_of(name));
    });
    std::vector<uint64_t> words;
    embedded.for_each_chain([&](uint64_t time, uint32_t tid, std::span<const uint64_t> chain) {
      words.assign(chain.begin(), chain.end());
      for (uint64_t& word : words) {
        if (word < kContextMax) word = rebase.kernel_address(word);
      }
      writer_.add_chain(time, rebase.pid(tid), words);
    });
    for (EmbeddedCode code : embedded.codes()) {
      const auto file = input.files.find(std::string(code.dso));
      if (file == input.files.end()) continue;
      const auto [moved, id] = key_of(input, file->first, file->second);
      if (places_.at({moved, id.hex()}).clashes()) continue;
      code.dso = moved;
      code.pid = rebase.pid(code.pid);
      writer_.add_code(code);
    }
  }

  Result<std::vector<std::byte>> finish() { return writer_.finish(); }
  const std::set<std::string>& left_out() const { return left_out_; }

 private:
  struct Place {
    BuildId build_id;  // as its first input knows it
    uint64_t start = 0;
    size_t inputs = 0;
    bool is_doubtful = false;  // may be of several files
    // Embedded names are of all addresses that samples have: where all inputs have them, none has
    // those of another.
    bool has_bare = false;      // an input without
    bool is_ambiguous = false;  // an address has two names
    std::unordered_map<uint64_t, std::pair<std::string_view, uint64_t>> names;  // if doubtful

    bool clashes() const { return is_doubtful && (has_bare || is_ambiguous); }
  };

  /// What the file is called in the merged recording, and the build id that it has there.
  std::pair<std::string, BuildId> key_of(const EmbeddedInput& input, const std::string& name,
                                         const MergedFile& file) const {
    std::string moved = name;
    if (name == kKernelName && !input.rebase.kernel_name.empty()) moved = input.rebase.kernel_name;
    if (file.is_generated) {
      const uint32_t pid = input.rebase.pid(file.pid);
      const DsoName made = classify_mapping(file.path, pid, true);
      moved = made.kind == DsoKind::JitDump ? jitdump_dso_name(file.path, pid) : made.name;
    }
    const auto own = input.rebase.build_ids.find(name);
    if (own != input.rebase.build_ids.end() && file.in_mmap2)
      return {std::move(moved), own->second};
    if (file.in_mapping) return {std::move(moved), file.build_id};
    const auto told = std::ranges::find(build_ids_, moved, &BuildIdEntry::filename);
    return {std::move(moved), told == build_ids_.end() ? BuildId{} : told->build_id};
  }

  void note(const EmbeddedInput& input, const std::string& name, const MergedFile& file) {
    const auto [moved, id] = key_of(input, name, file);
    Place& place = places_[{moved, id.hex()}];
    const uint64_t start = file.start == 0 ? 0 : input.rebase.kernel_address(file.start);
    place.is_doubtful = place.is_doubtful || file.is_several;
    place.has_bare = place.has_bare || input.features.embedded.empty();
    if (place.inputs++ == 0) {
      place.build_id = file.build_id;
      place.start = start;
      return;
    }
    // Who is called so here is the same kernel, at the same place: merge has seen to that.
    if (moved == kKernelName) return;
    const bool same = !file.build_id.empty() && place.build_id == file.build_id;
    if (!same || place.start != start) place.is_doubtful = true;
  }

  const std::vector<EmbeddedInput>& inputs_;
  const std::vector<BuildIdEntry>& build_ids_;
  std::map<FileKey, Place> places_;
  EmbeddedWriter writer_;
  std::set<std::string> left_out_;
};

}  // namespace

void note_file(const MmapRecord& mmap, MergedFiles& files) {
  if (mmap.cpu_mode == CpuMode::GuestKernel || mmap.cpu_mode == CpuMode::GuestUser) return;
  const bool kernel = mmap.pid == UINT32_MAX || mmap.cpu_mode == CpuMode::Kernel;
  const bool executable = mmap.version2 ? (mmap.protection & PROT_EXEC) != 0 : !mmap.data;
  DsoName dso = classify_mapping(mmap.filename, kernel ? UINT32_MAX : mmap.pid, executable);
  if (dso.kind == DsoKind::NoCode) return;
  if (dso.kind == DsoKind::JitDump) dso.name = jitdump_dso_name(mmap.filename, mmap.pid);
  const auto [it, added] = files.try_emplace(std::move(dso.name));
  MergedFile& file = it->second;
  const bool is_module = dso.kind == DsoKind::KernelModule;
  if (added) {
    file.build_id = mmap.build_id;
    file.in_mapping = !mmap.build_id.empty();
    file.in_mmap2 = mmap.version2 && !kernel;
    file.path = mmap.filename;
    file.pid = mmap.pid;
    file.is_generated = dso.kind == DsoKind::PerfMap || dso.kind == DsoKind::JitDump;
    file.start = is_module ? mmap.start : 0;
  } else if (file.build_id != mmap.build_id || (is_module && file.start != mmap.start)) {
    file.is_several = true;
  }
}

std::vector<std::byte> join_embedded(const std::vector<EmbeddedInput>& inputs,
                                     const std::vector<BuildIdEntry>& build_ids,
                                     std::vector<std::string>& warnings) {
  if (std::ranges::all_of(inputs,
                          [](const auto& each) { return each.features.embedded.empty(); })) {
    return {};
  }
  Joining joining(inputs, build_ids);
  std::vector<std::unique_ptr<Embedded>> read(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const EmbeddedInput& input = inputs[i];
    if (input.features.embedded.empty()) continue;
    auto embedded = Embedded::read(input.features.embedded);
    if (!embedded) {
      warnings.push_back(fmt::format("{}: the names that 'prof embed' put into it are left out: {}",
                                     input.path, embedded.error().message));
      continue;
    }
    read[i] = std::move(*embedded);
    joining.compare(input, *read[i]);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (read[i]) joining.add(inputs[i], *read[i]);
  }
  if (!joining.left_out().empty()) {
    std::string names;
    constexpr size_t kMost = 5;
    size_t told = 0;
    for (const std::string& name : joining.left_out()) {
      if (++told > kMost) break;
      names += (names.empty() ? "" : ", ") + name;
    }
    if (told > kMost) names += fmt::format(" and {} more", joining.left_out().size() - kMost);
    warnings.push_back(
        "embedded names are left out of what another recording may have another "
        "file by the same name for: " +
        names);
  }
  auto payload = joining.finish();
  if (payload) return std::move(*payload);
  warnings.push_back("the embedded names are left out: " + payload.error().message);
  return {};
}

}  // namespace prof
