#include <algorithm>
#include <map>
#include <unordered_map>

#include "perfdata/replace_feature.h"
#include "report/callchain.h"
#include "report/embedded.h"
#include "report/inline_table.h"
#include "report/raw_stacks.h"
#include "report/recording.h"
#include "report/stack_walker.h"

namespace prof {

namespace {

class Embedding {
 public:
  explicit Embedding(Recording& recording) : recording_(recording), walker_(recording, true) {}

  Result<std::vector<std::byte>> make() {
    gather();
    name();
    return writer_.finish();
  }
  uint64_t names() const { return names_; }
  uint64_t chains() const { return chains_; }

 private:
  void gather() {
    const auto take = [&](const SampleRecord& sample) {
      const ThreadState state =
          recording_.processes().state_at(sample.pid, sample.tid, sample.time);
      const auto space = static_cast<uint32_t>(
          spaces_.try_emplace({state.process.value, state.version}, spaces_.size()).first->second);
      if (space >= states_.size()) states_.resize(space + 1);
      states_[space] = {state, sample.time};
      const U64View chain = walker_.chain(sample, state);
      const auto intern = [&](CpuMode mode, FrameAddress address) {
        addresses_.intern({space, space}, mode, address);
      };
      intern(sample.cpu_mode(), FrameAddress{VirtAddr{sample.ip}});  // reports without chains
      for_each_address(chain, sample.cpu_mode(), intern);
      if (!walker_.has_copy(sample)) return;
      words_.clear();
      for (size_t i = 0; i < chain.size(); ++i) words_.push_back(chain[i]);
      writer_.add_chain(sample.time, sample.tid, words_);
      ++chains_;
    };
    if (walker_.needed()) {
      walker_.start_joining();
      recording_.for_each_sample_in_order(take);
    } else {
      recording_.for_each_sample(take);
    }
  }

  void name() {
    std::map<std::pair<uint32_t, uint64_t>, ResolvedAddress> distinct;  // by DSO and address
    InlineTable inlines(recording_);
    for (const AddressTable::Entry& entry : addresses_.all()) {
      const auto& [state, time] = states_[entry.context];
      const uint64_t when = entry.mode == CpuMode::User ? time : UINT64_MAX;
      const ResolvedAddress resolved = recording_.resolve(state, when, entry.mode, entry.address);
      if (!resolved.mapping) continue;
      distinct[{resolved.mapping->dso.value, resolved.looked_up}] = resolved;
      if (entry.mode == CpuMode::User) inlines.add(resolved);
    }
    inlines.look_up();
    for (const auto& [key, resolved] : distinct) add(key.second, resolved, inlines);
    recording_.processes().for_each_code([&](uint32_t pid, uint64_t time, const Mapping& code) {
      const uint64_t position = raw(code.offset);
      const auto used = distinct.lower_bound({code.dso.value, position});
      const uint64_t size = raw(code.end) - raw(code.start);
      if (used == distinct.end() || used->first.first != code.dso.value ||
          used->first.second - position >= size) {
        return;  // no sample was in it
      }
      writer_.add_code(
          {recording_.dsos()[code.dso].name, pid, time, raw(code.start), raw(code.end), position});
    });
  }

  void add(uint64_t address, const ResolvedAddress& resolved, const InlineTable& inlines) {
    const Dso& dso = recording_.dsos()[resolved.mapping->dso];
    const Symbol& symbol = resolved.symbol;
    const auto text = [&](StringId id) {
      return id.valid() ? recording_.strings()[id] : std::string_view{};
    };
    RecordedName name;
    name.name = text(symbol.name);
    name.start = symbol.start;
    name.end = symbol.end;
    name.miss = static_cast<uint8_t>(symbol.miss);
    name.mangled =
        dso.kind == DsoKind::File || dso.kind == DsoKind::Vdso || dso.kind == DsoKind::JitDump;
    std::vector<RecordedCall> calls;
    for (const SourceCall& call : inlines.calls(resolved)) {
      calls.push_back({text(call.name), text(call.file), call.line, call.inlined});
    }
    writer_.add_name(dso.name, dso.build_id, address, name, calls);
    ++names_;
  }

  Recording& recording_;
  StackWalker walker_;
  EmbeddedWriter writer_;
  std::map<std::pair<uint32_t, uint32_t>, size_t> spaces_;
  std::vector<std::pair<ThreadState, uint64_t>> states_;  // by space, with a time in it
  AddressTable addresses_;
  std::vector<uint64_t> words_;
  uint64_t names_ = 0;
  uint64_t chains_ = 0;
};

}  // namespace

Result<EmbedResult> run_embed(const EmbedOptions& options) {
  if (options.input.path == "-") {
    return fail("a recording from standard input cannot be changed", "name a file with -i", 2);
  }
  InputOptions input = options.input;
  input.symbols.demangle = Demangle::None;  // whoever reads it says how names are to look
  auto recording = Recording::open(input);
  if (!recording) return tl::unexpected(recording.error());
  if ((*recording)->reader().has_parts()) {
    return fail(
        "'" + input.path + "' is a recording of several files, which have no place for more",
        "record without --threads");
  }
  const std::string& from = (*recording)->reader().path();  // of a directory, the file in it
  Embedding embedding(**recording);
  auto payload = embedding.make();
  if (!payload) return tl::unexpected(payload.error());
  const std::string& output = options.output.empty() ? from : options.output;
  if (auto done = replace_feature(from, output, kFeatureEmbedded, *payload); !done) {
    return tl::unexpected(done.error());
  }
  EmbedResult result;
  result.names = embedding.names();
  result.chains = embedding.chains();
  result.bytes = payload->size();
  result.warnings = (*recording)->warnings();
  return result;
}

}  // namespace prof
