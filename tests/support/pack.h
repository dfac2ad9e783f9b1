// Packs bytes as xz, gzip and zstd do. Used by the tests of what unpacks them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace prof::test {

/// `format` is the suffix of such files: ".xz", ".gz", ".zst"; bytes of others stay as they are.
std::vector<std::byte> packed(std::span<const std::byte> bytes, const std::string& format);

}  // namespace prof::test
