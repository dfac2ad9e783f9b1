// The running kernel's symbols as they are kept between runs, so that a hundred thousand lines of
// kallsyms need not be parsed by each. Used by symbol_source, which keeps them in the disk cache.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "symbolize/kernel_symbols.h"
#include "symbolize/symbol_table.h"

namespace prof {

/// The kernel's own symbols, without those of modules and BPF programs, which come and go while it
/// runs. Empty if there are none.
std::vector<std::byte> pack_kernel(std::string_view kallsyms);

/// What pack_kernel() made, moved to where `reference` was when recorded. Names point into
/// `packed`, which `storage` keeps alive. Nothing if the reference is not known, or there are fewer
/// bytes than symbols. What else may be damaged is up to the cache's checksum; here it does no
/// harm.
std::optional<SymbolTable> unpack_kernel(std::span<const std::byte> packed, NameStorage storage,
                                         const KernelReference& reference);

}  // namespace prof
