#include "report/import_cpuprofile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "report/imported_samples.h"

namespace prof {

namespace {

constexpr uint64_t kNsPerUs = 1000;
constexpr uint32_t kNone = UINT32_MAX;
constexpr std::string_view kTime = "time", kHits = "samples";

/// One profile, from one file or from the pieces of a trace.
class CpuProfile {
 public:
  /// Of the thread that a trace tells; else nobody is known.
  std::optional<std::string_view> comm;
  int32_t pid = -1, tid = -1;

  Result<void> add_nodes(JsonValue nodes, ImportedSamples& samples);
  void add_samples(JsonValue nodes, JsonValue deltas);
  void set_start(std::optional<int64_t> us) { start_ = us.value_or(start_); }
  void set_end(std::optional<int64_t> us) {
    if (us) end_ = us;
  }
  /// Puts the samples in order and tells when the first and the last were.
  void settle(ImportedSamples::Times& times);
  /// False when the weights are more than can be held.
  Result<bool> read(ImportedSamples& samples);

 private:
  struct Node {
    FrameId frame;  // invalid: of "(root)"
    uint32_t parent = kNone;
    uint64_t hits = 0;
    int64_t id = 0;
  };
  struct Moment {
    int64_t time;  // us
    int64_t node;  // id
  };

  Result<void> link(JsonValue nodes);
  Result<void> take_stack(uint32_t node);
  Result<bool> read_hits(ImportedSamples& samples);
  ImportedSample blank() const;

  std::vector<Node> nodes_;
  std::unordered_map<int64_t, uint32_t> index_of_;
  std::vector<Moment> moments_;
  int64_t start_ = 0, now_ = 0;
  std::optional<int64_t> end_;
  std::vector<FrameId> stack_;  // leaf first
};

FrameId frame_of(JsonValue call, ImportedSamples& samples) {
  const std::string_view name = call["functionName"].text().value_or("");
  if (name == "(root)") return {};
  const std::string_view url = call["url"].text().value_or("");
  ImportedFrame frame;
  frame.name = name.empty() ? "(anonymous)" : name;
  frame.dso = url;
  frame.kind = url.empty() ? FrameKind::Other : FrameKind::Jit;
  std::string line;
  // Lines count from 0 there.
  if (const auto number = call["lineNumber"].index(); number && !url.empty()) {
    line = fmt::format("{}:{}", url, *number + 1);
  }
  frame.line = line;
  return samples.frame(frame);
}

Result<void> CpuProfile::add_nodes(JsonValue nodes, ImportedSamples& samples) {
  for (const JsonValue told : nodes) {
    const auto id = told["id"].integer();
    if (!id) return fail(fmt::format("nodes[{}] has no id", nodes_.size()));
    const auto index = static_cast<uint32_t>(nodes_.size());
    if (!index_of_.try_emplace(*id, index).second) {
      return fail(fmt::format("there are two nodes {}", *id));
    }
    nodes_.push_back(
        {frame_of(told["callFrame"], samples), kNone, told["hitCount"].index().value_or(0), *id});
  }
  return link(nodes);
}

/// Nodes name their children in files, and their parent in traces.
Result<void> CpuProfile::link(JsonValue nodes) {
  const auto set_parent = [&](int64_t child, int64_t parent) -> Result<void> {
    const auto below = index_of_.find(child), above = index_of_.find(parent);
    if (below == index_of_.end() || above == index_of_.end()) {
      return fail(fmt::format("there is no node {}", below == index_of_.end() ? child : parent));
    }
    nodes_[below->second].parent = above->second;
    return {};
  };
  for (const JsonValue told : nodes) {
    const int64_t id = told["id"].integer().value_or(0);
    for (const JsonValue child : told["children"]) {
      const auto number = child.integer();
      if (!number) return fail(fmt::format("a child of node {} is no number", id));
      if (auto done = set_parent(*number, id); !done) return done;
    }
    if (const auto parent = told["parent"].integer()) {
      if (auto done = set_parent(id, *parent); !done) return done;
    }
  }
  return {};
}

void CpuProfile::add_samples(JsonValue nodes, JsonValue deltas) {
  constexpr int64_t kMostUs = int64_t{1} << 52;
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    const int64_t delta = std::clamp(deltas.at(i).integer().value_or(0), -kMostUs, kMostUs);
    now_ = std::clamp(now_ + delta, -kMostUs, kMostUs);
    moments_.push_back({now_, nodes.at(i).integer().value_or(-1)});
  }
}

void CpuProfile::settle(ImportedSamples::Times& times) {
  // V8 may write two samples the wrong way round.
  std::ranges::stable_sort(moments_, {}, &Moment::time);
  constexpr int64_t kMostUs = int64_t{1} << 52;
  start_ = std::clamp<int64_t>(start_, 0, kMostUs);
  for (Moment& moment : moments_) {
    moment.time = std::clamp<int64_t>(moment.time + start_, 0, kMostUs);
    times.add(static_cast<uint64_t>(moment.time) * kNsPerUs);
  }
}

Result<void> CpuProfile::take_stack(uint32_t node) {
  stack_.clear();
  size_t steps = 0;
  for (uint32_t at = node; at != kNone; at = nodes_[at].parent) {
    if (++steps > nodes_.size() || steps > ImportedSamples::kMostDepth) {
      return fail(fmt::format("node {} is its own caller, or too deep", nodes_[node].id));
    }
    if (nodes_[at].frame.valid()) stack_.push_back(nodes_[at].frame);
  }
  return {};
}

ImportedSample CpuProfile::blank() const {
  ImportedSample sample;
  sample.comm = comm;
  sample.pid = pid;
  sample.tid = tid;
  return sample;
}

Result<bool> CpuProfile::read_hits(ImportedSamples& samples) {
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].hits == 0 || samples.drops(kHits, -1, {})) continue;
    if (auto done = take_stack(i); !done) return tl::unexpected(std::move(done.error()));
    ImportedSample sample = blank();
    sample.event = samples.event(kHits, "samples");
    sample.samples = sample.period = nodes_[i].hits;
    if (!samples.add(sample, stack_)) return false;
  }
  return true;
}

Result<bool> CpuProfile::read(ImportedSamples& samples) {
  if (moments_.empty()) return read_hits(samples);
  for (size_t i = 0; i < moments_.size(); ++i) {
    const int64_t time = moments_[i].time;
    const int64_t next =
        i + 1 < moments_.size() ? moments_[i + 1].time : std::max(end_.value_or(time), time);
    const auto node = index_of_.find(moments_[i].node);
    if (node == index_of_.end()) {
      return fail(fmt::format("samples: there is no node {}", moments_[i].node));
    }
    ImportedSample sample = blank();
    sample.time = static_cast<uint64_t>(time) * kNsPerUs;
    if (samples.drops(kTime, -1, sample.time)) continue;
    if (auto done = take_stack(node->second); !done) {
      return tl::unexpected(std::move(done.error()));
    }
    sample.event = samples.event(kTime, "ns", true);
    const auto us =
        std::min(static_cast<uint64_t>(next - time), ImportedSamples::kMostWeight / kNsPerUs);
    sample.period = us * kNsPerUs;
    if (!samples.add(sample, stack_)) return false;
  }
  return true;
}

class CpuProfileImport {
 public:
  Result<void> collect(JsonValue root, ImportedSamples& samples);
  ImportedSamples::Times settle();
  Result<void> read(ImportedSamples& samples);

 private:
  using Key = std::pair<int64_t, std::string_view>;  // pid and number of a trace's profile

  Result<void> collect_trace(JsonValue events, ImportedSamples& samples);

  std::map<Key, CpuProfile> profiles_;
};

Result<void> CpuProfileImport::collect(JsonValue root, ImportedSamples& samples) {
  if (root.is_array()) return collect_trace(root, samples);
  if (root["traceEvents"].is_array()) return collect_trace(root["traceEvents"], samples);
  if (!root["nodes"].is_array()) {
    return fail("no nodes", "profiles as Chrome wrote them before 2017 are not read");
  }
  CpuProfile& profile = profiles_[{}];
  profile.set_start(root["startTime"].integer());
  profile.set_end(root["endTime"].integer());
  profile.add_samples(root["samples"], root["timeDeltas"]);
  return profile.add_nodes(root["nodes"], samples);
}

Result<void> CpuProfileImport::collect_trace(JsonValue events, ImportedSamples& samples) {
  std::map<std::pair<int64_t, int64_t>, std::string_view> names;  // of threads
  const auto id_of = [](JsonValue value) {
    const auto number = value.index();
    return number && *number <= INT32_MAX ? static_cast<int32_t>(*number) : -1;
  };
  for (const JsonValue event : events) {
    const std::string_view name = event["name"].text().value_or("");
    const int64_t pid = event["pid"].integer().value_or(-1);
    const JsonValue args = event["args"], data = args["data"];
    if (name == "thread_name") {
      names[{pid, event["tid"].integer().value_or(-1)}] = args["name"].text().value_or("");
    }
    if (name != "Profile" && name != "ProfileChunk") continue;
    CpuProfile& profile = profiles_[{pid, event["id"].text().value_or("")}];
    if (name == "Profile") {
      profile.pid = id_of(event["pid"]);
      profile.tid = id_of(event["tid"]);
      profile.set_start(data["startTime"].integer());
      continue;
    }
    const JsonValue chunk = data["cpuProfile"];
    if (auto done = profile.add_nodes(chunk["nodes"], samples); !done) return done;
    profile.add_samples(chunk["samples"], data["timeDeltas"]);
    profile.set_end(data["endTime"].integer());
  }
  for (auto& [key, profile] : profiles_) {
    const auto known = names.find({profile.pid, profile.tid});
    if (known != names.end() && !known->second.empty()) profile.comm = known->second;
  }
  return {};
}

ImportedSamples::Times CpuProfileImport::settle() {
  ImportedSamples::Times times;
  for (auto& [key, profile] : profiles_) profile.settle(times);
  return times;
}

Result<void> CpuProfileImport::read(ImportedSamples& samples) {
  for (auto& [key, profile] : profiles_) {
    const auto fits = profile.read(samples);
    if (!fits) return tl::unexpected(fits.error());
    if (!*fits) return {};
  }
  return {};
}

}  // namespace

bool looks_like_cpuprofile(JsonValue root) {
  if (root["nodes"].at(0)["callFrame"].is_object()) return true;
  const JsonValue events = root.is_array() ? root : root["traceEvents"];
  for (const JsonValue event : events) {
    if (event["name"].text() == "ProfileChunk") return true;
  }
  return false;
}

Result<Profile> import_cpuprofile(JsonValue root, const std::string& name,
                                  const LoadOptions& options) {
  ImportedSamples samples(options);
  CpuProfileImport import;
  if (auto done = import.collect(root, samples); !done) {
    return tl::unexpected(std::move(done.error()).in(name));
  }
  constexpr std::array kKnown = {
      WhereField::Comm, WhereField::Pid,         WhereField::Tid,      WhereField::Event,
      WhereField::Time, WhereField::Clock,       WhereField::Period,   WhereField::Symbol,
      WhereField::Dso,  WhereField::StackSymbol, WhereField::StackDso, WhereField::StackDepth};
  if (auto done = samples.choose("CPU profiles", kKnown, import.settle(), name); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  if (auto done = import.read(samples); !done) {
    return tl::unexpected(std::move(done.error()).in(name));
  }
  return samples.finish(name);
}

}  // namespace prof
