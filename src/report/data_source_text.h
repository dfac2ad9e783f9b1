// data_source_text: where the data of a memory access was found, as `prof script -F data_src`
// prints PERF_SAMPLE_DATA_SRC. Used by sample_text.
#pragma once

#include <cstdint>
#include <string>

namespace prof {

/// "|OP LOAD|LVL L3 miss|SNP N/A|TLB L1 or L2 hit|LCK No|BLK  N/A", of a word of union
/// perf_mem_data_src (include/uapi/linux/perf_event.h) of this machine's byte order.
std::string data_source_text(uint64_t source);

}  // namespace prof
