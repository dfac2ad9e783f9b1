// Embedded: what a recording carries so that it can be read without the binaries that ran: names of
// the addresses in its stacks, and the chains of its stack copies. Written by embed, read by
// Recording.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "report/load.h"
#include "symbolize/recorded_names.h"

namespace prof {

/// Code of a jitdump, by which an address and a time lead to a position in it.
struct EmbeddedCode {
  std::string_view dso;
  uint32_t pid = 0;
  uint64_t time = 0;
  uint64_t start = 0, end = 0, position = 0;
};

/// Collects what is to be embedded.
class EmbeddedWriter {
 public:
  void add_name(std::string_view dso, const BuildId& build_id, uint64_t address,
                const RecordedName& name, std::span<const RecordedCall> calls);
  /// The chain of the sample that thread `tid` took at `time`, as StackWalker gives it.
  void add_chain(uint64_t time, uint32_t tid, std::span<const uint64_t> chain);
  void add_code(const EmbeddedCode& code);
  /// The header feature's content.
  Result<std::vector<std::byte>> finish();

 private:
  struct Name {
    uint64_t address;
    RecordedName name;
    uint32_t text;
    std::vector<RecordedCall> calls;
  };
  struct Sample {
    uint64_t time;
    uint32_t tid;
    uint32_t chain;
  };
  uint32_t text(std::string_view value);

  std::map<std::string, uint32_t, std::less<>> numbers_;                   // of texts
  std::vector<std::string_view> texts_;                                    // keys of numbers_
  std::map<std::pair<std::string, std::string>, std::vector<Name>> dsos_;  // by name, build id
  std::map<std::vector<uint64_t>, uint32_t> chain_numbers_;
  std::vector<Sample> samples_;
  std::vector<EmbeddedCode> codes_;
};

class Embedded {
 public:
  /// Reads a header feature's content, which may be anything.
  static Result<std::unique_ptr<Embedded>> read(std::span<const std::byte> payload);

  const RecordedNames& names() const { return names_; }
  std::span<const EmbeddedCode> codes() const { return codes_; }
  bool has_chains() const { return !samples_.empty(); }
  /// The chain of a sample; empty if there is none of it.
  std::span<const uint64_t> chain(uint64_t time, uint32_t tid) const;
  /// visit(time, tid, chain) for each sample that has one, by time.
  template <class Visit>
  void for_each_chain(Visit&& visit) const {
    for (const Sample& sample : samples_) {
      visit(sample.time, sample.tid, std::span<const uint64_t>(chains_[sample.chain]));
    }
  }

 private:
  struct Sample {
    uint64_t time = 0;
    uint32_t tid = 0;
    uint32_t chain = 0;
  };
  Result<void> read_all();

  std::vector<std::byte> bytes_;  // what the names are views of
  RecordedNames names_;
  std::vector<std::vector<uint64_t>> chains_;
  std::vector<Sample> samples_;  // by time, then tid
  std::vector<EmbeddedCode> codes_;
};

/// `prof embed`: looks everything up on this machine and puts it into the recording; `output` may
/// be the recording itself. `notify` gets a line for the user.
struct EmbedOptions {
  InputOptions input;
  std::string output;  // empty: in place
};
struct EmbedResult {
  uint64_t names = 0, chains = 0, bytes = 0;
  std::vector<std::string> warnings;
};
Result<EmbedResult> run_embed(const EmbedOptions& options);

}  // namespace prof
