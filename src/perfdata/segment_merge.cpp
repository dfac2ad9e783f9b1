#include "perfdata/segment_merge.h"

#include <algorithm>
#include <set>
#include <utility>

namespace prof {

namespace {

// What is held of each file: far more than interrupts nest.
constexpr size_t kWindow = 256;                  // records
constexpr size_t kMostCopied = size_t{1} << 20;  // bytes

}  // namespace

SegmentMerge::SegmentMerge(const Reader& reader, TimeOf time_of, RoundSorter::Sink sink)
    : reader_(reader), time_of_(std::move(time_of)), sink_(std::move(sink)) {
  for (const DataSegment& segment : reader_.segments()) {
    streams_.emplace_back().cursor = std::make_unique<RecordCursor>(reader_, segment);
  }
}

void SegmentMerge::fill(Stream& stream) {
  const auto younger = [](const Waiting& a, const Waiting& b) {
    return a.time != b.time ? a.time > b.time : a.ordinal > b.ordinal;
  };
  while (!stream.ended && stream.window.size() < kWindow && stream.copied < kMostCopied) {
    Waiting next;
    if (!stream.cursor->next(next.view)) {
      stream.ended = true;
      break;
    }
    next.time = time_of_(next.view);
    next.ordinal = stream.read++;
    if (next.time == 0) {
      sink_(next.view, 0);
      continue;
    }
    if (!stream.cursor->stable()) {
      next.copy.assign(next.view.payload.begin(), next.view.payload.end());
      next.view.payload = next.copy;  // its bytes stay where they are when it moves
      stream.copied += next.copy.size();
    }
    stream.window.push_back(std::move(next));
    std::ranges::push_heap(stream.window, younger);
  }
  if (!stream.window.empty()) std::ranges::pop_heap(stream.window, younger);
}

/// fill() has put it last.
void SegmentMerge::give_oldest(Stream& stream) {
  const Waiting oldest = std::move(stream.window.back());
  stream.window.pop_back();
  stream.copied -= oldest.copy.size();
  sink_(oldest.view, oldest.time);
}

void SegmentMerge::run() {
  std::set<std::pair<uint64_t, size_t>> next;  // time and file
  const auto fill_next = [&](size_t i) {
    fill(streams_[i]);
    if (!streams_[i].window.empty()) next.emplace(streams_[i].window.back().time, i);
  };
  for (size_t i = 0; i < streams_.size(); ++i) fill_next(i);
  while (!next.empty()) {
    const size_t i = next.begin()->second;
    next.erase(next.begin());
    give_oldest(streams_[i]);
    fill_next(i);
  }
}

}  // namespace prof
