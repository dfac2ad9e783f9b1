#include "perfdata/decompressor.h"

#include <zstd.h>

namespace prof {

void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) {}

Result<size_t> Decompressor::read(std::span<std::byte> out) {
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  ZSTD_inBuffer input{input_.data(), input_.size(), 0};
  while (output.pos < output.size && (input.pos < input.size || more_)) {
    const size_t consumed = input.pos;
    const size_t produced = output.pos;
    const size_t status = ZSTD_decompressStream(context_.get(), &output, &input);
    if (ZSTD_isError(status)) return fail(ZSTD_getErrorName(status));
    more_ = output.pos == output.size;
    if (input.pos == consumed && output.pos == produced) break;  // needs the next record
  }
  input_ = input_.subspan(input.pos);
  return output.pos;
}

}  // namespace prof
