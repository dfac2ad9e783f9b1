// is_one_ordered_round: whether a file without rounds has its records in the order of their times,
// so that it need not be held whole to be sorted. Asked by what reads records in that order.
#pragma once

#include "perfdata/decode.h"
#include "perfdata/reader.h"

namespace prof {

/// Walks the whole file, or up to the first record that is out of order. `decoder` knows all
/// events.
bool is_one_ordered_round(const Reader& reader, const Decoder& decoder);

}  // namespace prof
