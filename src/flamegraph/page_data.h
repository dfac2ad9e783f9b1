// The data of the HTML page: names, the tree of stacks, threads and samples, packed for the script
// that reads them (page/model.js). Called by write_page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

/// What a page holds at most: more is put together, and told.
struct PageLimits {
  size_t nodes = 1'200'000;
  size_t samples = 1'000'000;
};

struct PageData {
  std::string text;              // gzip, in base64
  std::vector<uint32_t> events;  // those with samples, as the page numbers them: of Profile::events
  uint64_t nodes = 0;
  uint64_t left_out = 0;     // nodes that were too many
  uint64_t samples = 0;      // of the timeline
  uint64_t quantum = 1'000;  // ns that times are rounded to
};

/// `weights`: what is summed of each of Profile::events.
Result<PageData> pack_page_data(const Profile& profile, const std::vector<Weight>& weights,
                                const PageLimits& limits);

}  // namespace prof
