// A Reader or Recording over bytes in memory. Used by unit tests.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "perfdata/reader.h"
#include "report/recording.h"

namespace prof::test {

/// The reader over a copy of `bytes` in an anonymous file named "test.data".
Result<std::unique_ptr<Reader>> open_bytes(std::span<const std::byte> bytes);

/// The recording, without any symbols: paths are looked for where there are none.
Result<std::unique_ptr<Recording>> record_bytes(std::span<const std::byte> bytes,
                                                const InputOptions& options = {});

}  // namespace prof::test
