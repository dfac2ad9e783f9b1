// The few DWARF expressions that call frame information of real binaries uses, told by their shape.
// Called by the CFI program; whatever has another shape is unsupported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace prof {

/// register + offset; *(register + offset) + extra; or binutils' and lld's expression for a PLT:
/// sp + offset, and 8 more where (pc & 15) >= extra.
struct CfiExpression {
  enum class Shape : uint8_t { Other, Register, Deref, Plt };
  Shape shape = Shape::Other;
  uint32_t reg = 0;
  int64_t offset = 0;
  uint64_t extra = 0;
};

CfiExpression parse_cfi_expression(std::span<const std::byte> bytes);

}  // namespace prof
