// The build-id entry of perf.data, which is a record of its own and an element of the BUILD_ID
// feature. Used by the decoders of both.
#pragma once

#include <algorithm>

#include "common/byte_reader.h"
#include "perfdata/record.h"

namespace prof {

/// Reads what follows the record header: pid, 20 bytes of id with 4 of padding, the name to the end
/// of `in`. Since Linux 5.11 the first byte of the padding is the id's true length, said by misc.
inline BuildIdRecord read_build_id_record(ByteReader& in, uint16_t misc) {
  BuildIdRecord out;
  out.misc = misc;
  out.pid = in.i32();
  const auto id = in.bytes(BuildId::kMaxSize);
  const uint8_t size = in.u8();
  in.skip(3);
  const size_t known = misc & kMiscBuildIdSize ? size : BuildId::kMaxSize;
  out.build_id = BuildId::from(id.first(std::min(known, id.size())));
  out.filename = in.c_string();
  return out;
}

}  // namespace prof
