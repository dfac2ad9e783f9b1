#include <catch2/catch.hpp>

#include "record/options.h"
#include "record/sample_contents.h"

using namespace prof;

namespace {

perf_event_attr applied(const SampleContents& contents, uint64_t config = PERF_COUNT_SW_CPU_CLOCK) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = config;
  contents.apply(attr);
  return attr;
}

}  // namespace

TEST_CASE("branch filters are the bits that perf sets for them") {
  CHECK(*parse_branch_filter("any") == PERF_SAMPLE_BRANCH_ANY);
  CHECK(*parse_branch_filter("u") == (PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_ANY));
  CHECK(*parse_branch_filter("any_call,u,k") ==
        (PERF_SAMPLE_BRANCH_ANY_CALL | PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_KERNEL));
  CHECK(*parse_branch_filter("any,save_type,hw_index,priv") ==
        (PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_TYPE_SAVE | PERF_SAMPLE_BRANCH_HW_INDEX |
         1u << 18));
  CHECK(*parse_branch_filter("ind_call,ind_jmp,call,cond,stack,any_ret") ==
        (PERF_SAMPLE_BRANCH_IND_CALL | PERF_SAMPLE_BRANCH_IND_JUMP | PERF_SAMPLE_BRANCH_CALL |
         PERF_SAMPLE_BRANCH_COND | PERF_SAMPLE_BRANCH_CALL_STACK | PERF_SAMPLE_BRANCH_ANY_RETURN));
  for (const char* text : {"", ",", "all", "any,", "ANY"}) {
    INFO(text);
    const auto filter = parse_branch_filter(text);
    REQUIRE_FALSE(filter);
    CHECK(filter.error().exit_code == 2);
  }
}

#if defined(__x86_64__)
TEST_CASE("registers are named in either case, and have perf's numbers") {
  CHECK(*parse_registers("ax,bx", false) == 3);
  CHECK(*parse_registers("SP,ip,r15", false) == (1u << 7 | 1u << 8 | 1u << 23));
  CHECK(*parse_registers("xmm0", true) == uint64_t{3} << 32);
  CHECK(*parse_registers("xmm15", true) == uint64_t{3} << 62);
  CHECK(general_registers() == 0xff0fff);
  for (const char* text : {"", "ds", "ax,", "xmm16", "rax"}) {
    INFO(text);
    CHECK_FALSE(parse_registers(text, true));
  }
  CHECK_FALSE(parse_registers("xmm0", false));
  CHECK(register_list(false) ==
        "AX BX CX DX SI DI BP SP IP FLAGS CS SS R8 R9 R10 R11 R12 R13 R14 R15");
  CHECK(register_list(true).ends_with("XMM14 XMM15"));
}
#endif

TEST_CASE("what a sample is to have becomes bits of its event") {
  SampleContents contents;
  CHECK_FALSE(contents.is_kernels_own());
  contents.address = true;
  contents.branches = PERF_SAMPLE_BRANCH_ANY;
  contents.interrupt_registers = 3;
  CHECK(contents.is_kernels_own());
  const auto attr = applied(contents);
  CHECK(attr.sample_type == (PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_BRANCH_STACK |
                             PERF_SAMPLE_REGS_INTR));
  CHECK(attr.branch_sample_type == PERF_SAMPLE_BRANCH_ANY);
  CHECK(attr.sample_regs_intr == 3);
  // A dummy never samples.
  const auto dummy = applied(contents, PERF_COUNT_SW_DUMMY);
  CHECK(dummy.sample_type == (PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC));
  CHECK(dummy.branch_sample_type == 0);
}

TEST_CASE("samples that are made of a program's have nothing of the kernel's") {
  RecordOptions options;
  options.command = {"true"};
  options.contents.weight = true;
  CHECK(validate(options));
  options.call_graph = CallGraph::Bpf;
  CHECK_FALSE(validate(options));
  options.call_graph_chosen = false;  // frame pointers will do
  CHECK(validate(options));
  options.bpf = true;
  CHECK_FALSE(validate(options));
}

TEST_CASE("cgroups are of events before them, and of whole CPUs") {
  RecordOptions options;
  options.command = {"true"};
  options.cgroups = {{"a", 1}};
  CHECK_FALSE(validate(options));
  options.system_wide = true;
  CHECK(validate(options));
  options.cgroups = {{"a", 0}};
  CHECK_FALSE(validate(options));
}
