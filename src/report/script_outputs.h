// ScriptOutputs: where the lines of each event go: all to one output, or each event's to a file of
// its own (--per-event-dump). Used by script.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/output.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "perfdata/attr.h"

namespace prof {

class ScriptOutputs {
 public:
  /// All to `shared`.
  explicit ScriptOutputs(Output& shared) : shared_(shared) {}

  /// Each event's to RECORDING.EVENT.dump, as perf names it; slashes in an event's name are
  /// underscores there. Events of one name share a file.
  Result<void> open_dumps(const std::string& recording, std::span<const EventAttr> events);

  /// Of the samples of an event.
  Output& of(size_t event) { return dumps_.empty() ? shared_ : of_event_[event]->output; }
  /// Of what is no event's.
  Output& shared() { return shared_; }
  /// Every output that samples go to, once.
  std::vector<Output*> all();
  void count(size_t event) {
    if (!dumps_.empty()) ++of_event_[event]->samples;
  }
  bool broken() const { return shared_.broken(); }
  /// Writes out the dumps and says what they hold, in perf's words.
  Result<void> finish();

 private:
  struct Dump {
    explicit Dump(UniqueFd file) : fd(std::move(file)), output(fd.get()) {}
    UniqueFd fd;
    Output output;
    uint64_t samples = 0;
  };
  Output& shared_;
  std::map<std::string, std::unique_ptr<Dump>> dumps_;  // by path
  std::vector<Dump*> of_event_;
  std::vector<std::string> paths_;  // in the order of the events
};

}  // namespace prof
