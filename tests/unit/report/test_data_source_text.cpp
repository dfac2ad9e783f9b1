#include <catch2/catch.hpp>

#include "report/data_source_text.h"

using namespace prof;

TEST_CASE("a data source is told as perf does") {
  CHECK(data_source_text(0x5080021) == "|OP N/A|LVL N/A|SNP N/A|TLB N/A|LCK N/A|BLK  N/A");
  CHECK(data_source_text(0) == "|OP No|LVL N/A|SNP N/A|TLB N/A|LCK No|BLK  N/A");
  CHECK(data_source_text(0x5080142) == "|OP LOAD|LVL L1 hit|SNP N/A|TLB N/A|LCK N/A|BLK  N/A");
  CHECK(data_source_text(0x81405080141) ==
        "|OP N/A|LVL core, same node I/O hit|SNP N/A|TLB N/A|LCK N/A|BLK  N/A");
  CHECK(data_source_text(0x3205080021) ==
        "|OP N/A|LVL Remote N/A or CXL|SNP N/A|TLB N/A|LCK N/A|BLK  N/A");
  CHECK(data_source_text(0xc005400021) ==
        "|OP N/A|LVL N/A|SNP Miss or Fwd or Peer|TLB N/A|LCK N/A|BLK  N/A");
  CHECK(data_source_text(0x2d080021) ==
        "|OP N/A|LVL N/A|SNP N/A|TLB N/A or L1 hit|LCK N/A|BLK  N/A");
  CHECK(data_source_text(0x20006080021) == "|OP N/A|LVL N/A|SNP N/A|TLB N/A|LCK Yes|BLK  Data");
  CHECK(data_source_text(~uint64_t{0}).starts_with("|OP N/A|LVL Remote ?"));
}
