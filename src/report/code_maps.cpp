#include "report/code_maps.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "symbolize/jitdump.h"
#include "symbolize/vdso.h"

namespace prof {

/// Keeps what it found: a process has some hundred mappings, and each is asked for again and again.
class CodeMaps::SpaceMap final : public CodeMap {
 public:
  SpaceMap(CodeMaps& maps, ThreadState state, uint64_t time, uint64_t version)
      : maps_(maps), state_(state), time_(time), version_(version) {}

  std::optional<CodeRange> find(VirtAddr addr) override {
    const auto after = std::ranges::upper_bound(ranges_, addr, {}, &CodeRange::begin);
    if (after != ranges_.begin() && addr < std::prev(after)->end) return *std::prev(after);
    const std::optional<CodeRange> range = look_up(addr);
    if (range) ranges_.insert(after, *range);
    return range;
  }
  uint64_t version() const override { return version_; }
  bool is_of(const ThreadState& state) const {
    return state.process == state_.process && state.version == state_.version;
  }

 private:
  std::optional<CodeRange> look_up(VirtAddr addr) {
    const ProcessTable& processes = maps_.recording_.processes();
    auto extent = processes.find_extent(state_.process, time_, addr);
    if (maps_.recording_.may_be_generated(extent.mapping)) {
      const auto code = processes.find_code_extent(state_.process, time_, addr);
      if (code.mapping) return generated(extent, code, addr);
      extent.begin = std::max(extent.begin, code.begin);
      extent.end = std::min(extent.end, code.end);
    }
    if (!extent.mapping) return std::nullopt;
    const DsoId dso = extent.mapping->dso;
    if (maps_.recording_.dsos()[dso].kind == DsoKind::NoCode) return std::nullopt;
    CodeRange range;
    range.begin = extent.begin;
    range.end = extent.end;
    range.module = maps_.module_of(dso);
    if (range.module) {
      const FileOffset offset{extent.mapping->to_dso(addr)};
      const auto in_file = range.module->file().elf_addr(offset);
      range.bias = raw(addr) - (in_file ? raw(*in_file) : raw(offset));
    }
    return range;
  }

  /// Code that a jitdump tells of, whose table is by the positions in the dump.
  CodeRange generated(const ProcessTable::Extent& around, const ProcessTable::Extent& code,
                      VirtAddr addr) const {
    CodeRange range;
    range.begin = code.begin;
    range.end = code.end;
    if (around.mapping) {
      range.begin = std::max(range.begin, around.begin);
      range.end = std::min(range.end, around.end);
    }
    range.module = maps_.generated_module_of(code.mapping->dso);
    range.bias = raw(addr) - code.mapping->to_dso(addr);
    return range;
  }

  CodeMaps& maps_;
  const ThreadState state_;
  const uint64_t time_;
  const uint64_t version_;
  std::vector<CodeRange> ranges_;  // by begin, disjoint
};

CodeMaps::CodeMaps(Recording& recording) : recording_(recording) {}
CodeMaps::~CodeMaps() = default;

CodeMap& CodeMaps::of(const ThreadState& state, uint64_t time) {
  if (last_ && last_->is_of(state)) return *last_;
  auto& space = spaces_[{state.process.value, state.version}];
  if (!space) space = std::make_unique<SpaceMap>(*this, state, time, spaces_.size());
  last_ = space.get();
  return *last_;
}

const UnwindModule* CodeMaps::module_of(DsoId id) {
  const Dso& dso = recording_.dsos()[id];
  if (dso.kind == DsoKind::PerfMap) return nullptr;
  if (modules_.size() < recording_.dsos().size()) modules_.resize(recording_.dsos().size());
  auto& module = modules_[id.value];
  if (!module) module = open(id);
  if (!module) module = UnwindModule::missing(dso.name);
  return module.get();
}

/// A dump that brings no unwinding information is not worth a table.
const UnwindModule* CodeMaps::generated_module_of(DsoId id) {
  const auto [at, added] = generated_.try_emplace(id.value);
  const auto dump = added ? recording_.symbolizer().jitdump_of(id) : nullptr;
  if (!dump) return at->second.get();
  std::vector<GeneratedFunction> functions;
  functions.reserve(dump->functions().size());
  bool any = false;
  for (const JitFunction& function : dump->functions()) {
    const uint64_t begin = function.code.position;
    functions.push_back({begin, begin + function.code.size, dump->eh_frame(function)});
    any = any || function.eh_frame_size != 0;
  }
  const uint32_t machine = dump->header().machine;
  if (!any || machine > UINT16_MAX) return nullptr;
  auto module = UnwindModule::of_generated(static_cast<uint16_t>(machine), functions, dump->path(),
                                           dictionary_);
  if (module) at->second = std::move(*module);
  return at->second.get();
}

std::unique_ptr<const UnwindModule> CodeMaps::open(DsoId id) {
  const Dso& dso = recording_.dsos()[id];
  if (dso.kind == DsoKind::Vdso) {
    const auto image = running_vdso_image();
    if (!image) return nullptr;
    auto module = UnwindModule::from_image({image->begin(), image->end()}, dso.name, dictionary_);
    if (!module) return nullptr;
    const BuildId present = (*module)->file().build_id();
    return dso.build_id.empty() || dso.build_id.same_as(present) ? std::move(*module) : nullptr;
  }
  const FoundFile binary = recording_.symbolizer().binary_of(id);
  if (!binary) return nullptr;
  auto module =
      UnwindModule::of(binary.file, binary.path, dictionary_, recording_.symbol_options().cache,
                       [&] { return recording_.symbolizer().debug_frames_of(binary).file; });
  return module ? std::move(*module) : nullptr;
}

}  // namespace prof
