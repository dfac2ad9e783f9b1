// replace_feature: a recording with one header feature more, or another content of it. Used by
// embed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "common/result.h"

namespace prof {

/// Writes the recording `from` to `to` with `payload` as feature `bit`; everything else stays as it
/// is. Both may be one file: it is replaced when the new one is whole. Pipe recordings have no
/// place for features, and are an error.
Result<void> replace_feature(const std::string& from, const std::string& to, uint32_t bit,
                             std::span<const std::byte> payload);

}  // namespace prof
