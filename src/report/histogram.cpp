#include "report/histogram.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "common/hash.h"

namespace prof {

namespace {

bool has(const std::vector<SortKey>& keys, SortKey key) {
  return std::ranges::find(keys, key) != keys.end();
}

/// Numbers groups by the part of them that is asked for.
std::vector<uint32_t> number_groups(const Profile& profile, const std::vector<SortKey>& keys,
                                    std::vector<RowKey>& parts) {
  std::map<std::tuple<StringId, int32_t, int32_t, int32_t, int32_t, StringId>, uint32_t> numbers;
  std::vector<uint32_t> number_of;
  for (const Group& group : profile.groups) {
    RowKey part;
    part.comm = group.comm;  // shown beside a pid, even where rows are not kept apart by it
    if (has(keys, SortKey::Pid)) part.pid = group.pid;
    if (has(keys, SortKey::Tid)) part.tid = group.tid;
    if (has(keys, SortKey::Cpu)) part.cpu = group.cpu;
    part.fields = group.fields;
    if (has(keys, SortKey::Parent)) part.parent = group.parent;
    const auto key = std::tuple(has(keys, SortKey::Comm) ? part.comm : StringId{}, part.pid,
                                part.tid, part.cpu, part.fields, part.parent);
    const auto [it, added] = numbers.try_emplace(key, static_cast<uint32_t>(parts.size()));
    if (added) {
      parts.push_back(part);
    } else if (part.comm.valid()) {
      parts[it->second].comm = part.comm;  // the last name a process went by
    }
    number_of.push_back(it->second);
  }
  return number_of;
}

/// Numbers frames by the parts of them that are asked for: function, DSO, line, sizes, or nothing.
std::vector<uint32_t> number_frames(const Profile& profile, const std::vector<SortKey>& keys) {
  std::vector<uint32_t> number_of(profile.frames.size(), 0);
  std::map<std::tuple<FrameId, StringId, StringId, uint64_t, uint64_t>, uint32_t> numbers;
  for (uint32_t i = 0; i < number_of.size(); ++i) {
    const Frame& frame = profile.frames[i];
    FrameId function;
    StringId dso;
    StringId line;
    uint64_t symbol_size = 0, dso_size = 0;
    if (has(keys, SortKey::Symbol)) {
      function = profile.function_of(FrameId{i});
    } else if (has(keys, SortKey::Dso)) {
      dso = frame.dso;
    }
    if (has(keys, SortKey::Srcline) || has(keys, SortKey::Srcfile)) line = frame.line;
    if (has(keys, SortKey::SymbolSize)) symbol_size = frame.symbol_size;
    if (has(keys, SortKey::DsoSize)) dso_size = frame.dso_size;
    const auto next = static_cast<uint32_t>(numbers.size());
    number_of[i] =
        numbers.try_emplace({function, dso, line, symbol_size, dso_size}, next).first->second;
  }
  return number_of;
}

struct PairHash {
  size_t operator()(uint64_t key) const { return hash_mix(key, 0); }
};

}  // namespace

Histogram::Histogram(const Profile& profile, uint32_t event, const std::vector<SortKey>& keys)
    : profile_(profile) {
  sum_totals();
  assign_rows(event, keys);
  add_up();
  index_rows();
}

void Histogram::sum_totals() {
  const size_t count = profile_.nodes.size();
  sums_.resize(count);
  for (auto i = static_cast<uint32_t>(count); i-- > 0;) {  // children come after their parents
    const StackNode& node = profile_.nodes[i];
    sums_[i].end = node.end;
    sums_[i].function = profile_.function_of(node.frame);
    sums_[i].total += self(i);
    if (node.parent != UINT32_MAX) sums_[node.parent].total += sums_[i].total;
  }
}

void Histogram::assign_rows(uint32_t event, const std::vector<SortKey>& keys) {
  std::vector<RowKey> group_parts;
  const auto group_number = number_groups(profile_, keys, group_parts);
  const auto frame_number = number_frames(profile_, keys);
  std::unordered_map<uint64_t, uint32_t, PairHash> row_numbers;
  struct Last {  // where a frame was met last: nodes of a group lie together
    uint32_t group = UINT32_MAX;
    uint32_t row = kNoRow;
  };
  std::vector<Last> last_of_frame(profile_.frames.size());
  for (uint32_t i = 0; i < sums_.size(); ++i) {
    const StackNode& node = profile_.nodes[i];
    if (profile_.groups[node.group].event != event) continue;
    if (node.parent == UINT32_MAX) {
      roots_.push_back(i);
      continue;
    }
    const uint32_t group = group_number[node.group];
    Last& last = last_of_frame[node.frame.value];
    if (last.group != group) {
      const uint64_t key = uint64_t{group} << 32 | frame_number[node.frame.value];
      const auto [it, added] = row_numbers.try_emplace(key, static_cast<uint32_t>(rows_.size()));
      if (added) {
        Row row;
        row.key = group_parts[group];
        row.key.frame = node.frame;
        rows_.push_back(row);
      }
      last = {group, it->second};
    }
    sums_[i].row = last.row;
  }
}

/// By node: the longest chain with samples from it downwards, in frames.
std::vector<uint32_t> Histogram::heights() const {
  std::vector<uint32_t> height(profile_.nodes.size(), 0);
  for (auto i = static_cast<uint32_t>(height.size()); i-- > 0;) {
    const uint32_t parent = profile_.nodes[i].parent;
    if (sums_[i].total.samples > 0) height[i] = std::max(height[i], 1u);
    if (parent != UINT32_MAX && height[i] > 0) {
      height[parent] = std::max(height[parent], height[i] + 1);
    }
  }
  return height;
}

/// Walks the nodes, which lie depth first, with the path to them. A row that is already on the path
/// has counted what lies below, so that recursion counts a sample once.
void Histogram::add_up() {
  const std::vector<uint32_t> height = heights();
  std::vector<uint32_t> on_path(rows_.size(), 0);  // how often
  struct Step {
    uint32_t end;
    uint32_t row;
  };
  std::vector<Step> path;  // without the root
  for (uint32_t i = 0; i < sums_.size(); ++i) {
    for (; !path.empty() && path.back().end <= i; path.pop_back()) --on_path[path.back().row];
    NodeSum& sum = sums_[i];
    if (sum.row == kNoRow) continue;
    path.push_back({sum.end, sum.row});
    const auto path_length = static_cast<uint32_t>(path.size());
    Row& row = rows_[sum.row];
    const Weights own = self(i);
    row.self += own;
    if (on_path[sum.row]++ == 0) {
      sum.outermost = true;
      row.children += sum.total;
      row.depth_down = std::max(row.depth_down, height[i]);
    }
    if (own.samples > 0) row.depth_down = std::max(row.depth_down, path_length);
    if (height[i] > 0) row.depth_up = std::max(row.depth_up, path_length);
  }
}

std::vector<ModePeriods> Histogram::mode_periods() const {
  std::vector<ModePeriods> modes(rows_.size());
  for (uint32_t i = 0; i < sums_.size(); ++i) {
    if (sums_[i].row == kNoRow) continue;
    ModePeriods& mode = modes[sums_[i].row];
    const uint64_t period = self(i).period;
    switch (profile_.frame(profile_.nodes[i].frame).level) {
      case 'k':
        mode.kernel += period;
        break;
      case 'g':
        mode.guest_kernel += period;
        break;
      case 'u':
        mode.guest_user += period;
        break;
      case '.':
        mode.user += period;
        break;
      default:  // the hypervisor: of neither
        break;
    }
  }
  return modes;
}

void Histogram::index_rows() {
  row_begin_.assign(rows_.size() + 1, 0);
  for (const NodeSum& sum : sums_) {
    if (sum.row != kNoRow) ++row_begin_[sum.row + 1];
  }
  for (size_t i = 1; i < row_begin_.size(); ++i) row_begin_[i] += row_begin_[i - 1];
  row_nodes_.resize(row_begin_.back());
  std::vector<uint32_t> next(row_begin_.begin(), row_begin_.end() - 1);
  for (uint32_t i = 0; i < sums_.size(); ++i) {
    if (sums_[i].row != kNoRow) row_nodes_[next[sums_[i].row]++] = i;
  }
}

std::span<const uint32_t> Histogram::nodes_of(uint32_t row) const {
  return std::span(row_nodes_).subspan(row_begin_[row], row_begin_[row + 1] - row_begin_[row]);
}

}  // namespace prof
