// What the sort keys of `prof report --mem-mode` say of a sample: which data was accessed, and
// where it was found. Asked by own_columns, which knows their titles.
#pragma once

#include "report/own_columns.h"
#include "report/recording.h"

namespace prof {

/// Of one of the columns from OwnColumn::Memory on. Addresses are looked up where the sampled code
/// ran, as perf does: one of a process that the kernel accessed is not named.
OwnValue memory_value(OwnColumn column, const SampleRecord& sample, Recording& recording);

/// "TX SYNC :ff", of PERF_SAMPLE_TRANSACTION.
OwnValue transaction_value(uint64_t transaction);

}  // namespace prof
