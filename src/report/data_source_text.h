// data_source_text: where the data of a memory access was found, as `prof script -F data_src`
// prints PERF_SAMPLE_DATA_SRC. Used by sample_text and memory_columns.
#pragma once

#include <cstdint>
#include <string>

namespace prof {

/// "|OP LOAD|LVL L3 miss|SNP N/A|TLB L1 or L2 hit|LCK No|BLK  N/A", of a word of union
/// perf_mem_data_src (include/uapi/linux/perf_event.h) of this machine's byte order.
std::string data_source_text(uint64_t source);

// Its parts, as the columns of `prof report --mem-mode` have them.
std::string memory_level_text(uint64_t source);
std::string snoop_text(uint64_t source);
std::string tlb_text(uint64_t source);
std::string lock_text(uint64_t source);
std::string blocked_text(uint64_t source);

/// The bits that memory_level_text() reads, those that perf orders by above the others; and so on.
uint64_t memory_level_bits(uint64_t source);
uint64_t snoop_bits(uint64_t source);
uint64_t tlb_bits(uint64_t source);
uint64_t lock_bits(uint64_t source);
uint64_t blocked_bits(uint64_t source);

/// Of a sample without such a word: nothing is known.
inline constexpr uint64_t kNoDataSource = 0x1e05080021;

}  // namespace prof
