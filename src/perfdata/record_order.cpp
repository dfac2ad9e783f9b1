#include "perfdata/record_order.h"

#include "perfdata/cursor.h"

namespace prof {

bool is_one_ordered_round(const Reader& reader, const Decoder& decoder) {
  if (reader.has_parts()) return false;
  RecordCursor cursor(reader);
  RecordView view;
  uint64_t newest = 0;
  while (cursor.next(view)) {
    if (view.header.type == kRecordFinishedRound) return false;
    const uint64_t time = decoder.time_of(view).value_or(0);
    if (time == 0 || time == UINT64_MAX) continue;
    if (time < newest) return false;
    newest = time;
  }
  return true;
}

}  // namespace prof
