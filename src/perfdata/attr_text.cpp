#include "perfdata/attr_text.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "perfdata/attr.h"
#include "perfdata/format.h"

namespace prof {

namespace {

using BitName = std::pair<uint64_t, std::string_view>;

// In the order in which perf lists them, which is not that of the bits.
constexpr std::array kSampleType = {
    BitName{PERF_SAMPLE_IP, "IP"},
    BitName{PERF_SAMPLE_TID, "TID"},
    BitName{PERF_SAMPLE_TIME, "TIME"},
    BitName{PERF_SAMPLE_ADDR, "ADDR"},
    BitName{PERF_SAMPLE_READ, "READ"},
    BitName{PERF_SAMPLE_CALLCHAIN, "CALLCHAIN"},
    BitName{PERF_SAMPLE_ID, "ID"},
    BitName{PERF_SAMPLE_CPU, "CPU"},
    BitName{PERF_SAMPLE_PERIOD, "PERIOD"},
    BitName{PERF_SAMPLE_STREAM_ID, "STREAM_ID"},
    BitName{PERF_SAMPLE_RAW, "RAW"},
    BitName{PERF_SAMPLE_BRANCH_STACK, "BRANCH_STACK"},
    BitName{PERF_SAMPLE_REGS_USER, "REGS_USER"},
    BitName{PERF_SAMPLE_STACK_USER, "STACK_USER"},
    BitName{PERF_SAMPLE_IDENTIFIER, "IDENTIFIER"},
    BitName{PERF_SAMPLE_REGS_INTR, "REGS_INTR"},
    BitName{PERF_SAMPLE_DATA_SRC, "DATA_SRC"},
    BitName{PERF_SAMPLE_WEIGHT, "WEIGHT"},
    BitName{PERF_SAMPLE_PHYS_ADDR, "PHYS_ADDR"},
    BitName{PERF_SAMPLE_AUX, "AUX"},
    BitName{PERF_SAMPLE_CGROUP, "CGROUP"},
    BitName{PERF_SAMPLE_DATA_PAGE_SIZE, "DATA_PAGE_SIZE"},
    BitName{PERF_SAMPLE_CODE_PAGE_SIZE, "CODE_PAGE_SIZE"},
    BitName{PERF_SAMPLE_WEIGHT_STRUCT, "WEIGHT_STRUCT"},
};

constexpr std::array kReadFormat = {
    BitName{PERF_FORMAT_TOTAL_TIME_ENABLED, "TOTAL_TIME_ENABLED"},
    BitName{PERF_FORMAT_TOTAL_TIME_RUNNING, "TOTAL_TIME_RUNNING"},
    BitName{PERF_FORMAT_ID, "ID"},
    BitName{PERF_FORMAT_GROUP, "GROUP"},
    BitName{kReadFormatLost, "LOST"},
};

constexpr std::array kBranchType = {
    BitName{PERF_SAMPLE_BRANCH_USER, "USER"},
    BitName{PERF_SAMPLE_BRANCH_KERNEL, "KERNEL"},
    BitName{PERF_SAMPLE_BRANCH_HV, "HV"},
    BitName{PERF_SAMPLE_BRANCH_ANY, "ANY"},
    BitName{PERF_SAMPLE_BRANCH_ANY_CALL, "ANY_CALL"},
    BitName{PERF_SAMPLE_BRANCH_ANY_RETURN, "ANY_RETURN"},
    BitName{PERF_SAMPLE_BRANCH_IND_CALL, "IND_CALL"},
    BitName{PERF_SAMPLE_BRANCH_ABORT_TX, "ABORT_TX"},
    BitName{PERF_SAMPLE_BRANCH_IN_TX, "IN_TX"},
    BitName{PERF_SAMPLE_BRANCH_NO_TX, "NO_TX"},
    BitName{PERF_SAMPLE_BRANCH_COND, "COND"},
    BitName{PERF_SAMPLE_BRANCH_CALL_STACK, "CALL_STACK"},
    BitName{PERF_SAMPLE_BRANCH_IND_JUMP, "IND_JUMP"},
    BitName{PERF_SAMPLE_BRANCH_CALL, "CALL"},
    BitName{PERF_SAMPLE_BRANCH_NO_FLAGS, "NO_FLAGS"},
    BitName{PERF_SAMPLE_BRANCH_NO_CYCLES, "NO_CYCLES"},
    BitName{PERF_SAMPLE_BRANCH_TYPE_SAVE, "TYPE_SAVE"},
    BitName{PERF_SAMPLE_BRANCH_HW_INDEX, "HW_INDEX"},
    BitName{uint64_t{1} << 18, "PRIV_SAVE"},
};

class AttrText {
 public:
  void number(std::string_view name, uint64_t value) {
    if (value != 0) text_ += fmt::format(", {} = {}", name, value);
  }
  void signed_number(std::string_view name, int64_t value) {
    if (value != 0) text_ += fmt::format(", {} = {}", name, value);
  }
  void hex(std::string_view name, uint64_t value) {
    if (value != 0) text_ += fmt::format(", {} = 0x{:x}", name, value);
  }
  void bits(std::string_view name, uint64_t value, std::span<const BitName> names) {
    if (value == 0) return;
    std::string_view separator = "";
    text_ += fmt::format(", {} = ", name);
    for (const auto& [bit, bit_name] : names) {
      if ((value & bit) == 0) continue;
      text_ += separator;
      text_ += bit_name;
      separator = "|";
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_flags(AttrText& out, const perf_event_attr& a) {
  out.number("disabled", a.disabled);
  out.number("inherit", a.inherit);
  out.number("pinned", a.pinned);
  out.number("exclusive", a.exclusive);
  out.number("exclude_user", a.exclude_user);
  out.number("exclude_kernel", a.exclude_kernel);
  out.number("exclude_hv", a.exclude_hv);
  out.number("exclude_idle", a.exclude_idle);
  out.number("mmap", a.mmap);
  out.number("comm", a.comm);
  out.number("freq", a.freq);
  out.number("inherit_stat", a.inherit_stat);
  out.number("enable_on_exec", a.enable_on_exec);
  out.number("task", a.task);
  out.number("watermark", a.watermark);
  out.number("precise_ip", a.precise_ip);
  out.number("mmap_data", a.mmap_data);
  out.number("sample_id_all", a.sample_id_all);
  out.number("exclude_host", a.exclude_host);
  out.number("exclude_guest", a.exclude_guest);
  out.number("exclude_callchain_kernel", a.exclude_callchain_kernel);
  out.number("exclude_callchain_user", a.exclude_callchain_user);
  out.number("mmap2", a.mmap2);
  out.number("comm_exec", a.comm_exec);
  out.number("use_clockid", a.use_clockid);
  out.number("context_switch", a.context_switch);
  out.number("write_backward", a.write_backward);
  out.number("namespaces", a.namespaces);
  out.number("ksymbol", a.ksymbol);
  out.number("bpf_event", a.bpf_event);
  out.number("aux_output", a.aux_output);
  out.number("cgroup", a.cgroup);
  out.number("text_poke", a.text_poke);
  out.number("build_id", a.build_id);
  out.number("inherit_thread", a.inherit_thread);
  out.number("remove_on_exec", a.remove_on_exec);
  out.number("sigtrap", a.sigtrap);
  out.number("defer_callchain", (attr_flags(a) & kAttrDeferCallchain) != 0);
  out.number("defer_output", (attr_flags(a) & kAttrDeferOutput) != 0);
}

}  // namespace

std::string attr_text(const perf_event_attr& attr) {
  AttrText out;
  out.number("type", attr.type);
  out.number("size", attr.size);
  out.hex("config", attr.config);
  out.number("{ sample_period, sample_freq }", attr.sample_period);
  out.bits("sample_type", attr.sample_type, kSampleType);
  out.bits("read_format", attr.read_format, kReadFormat);
  add_flags(out, attr);
  out.number("{ wakeup_events, wakeup_watermark }", attr.wakeup_events);
  out.number("bp_type", attr.bp_type);
  out.hex("{ bp_addr, config1 }", attr.bp_addr);
  out.hex("{ bp_len, config2 }", attr.bp_len);
  out.bits("branch_sample_type", attr.branch_sample_type, kBranchType);
  out.hex("sample_regs_user", attr.sample_regs_user);
  out.number("sample_stack_user", attr.sample_stack_user);
  out.signed_number("clockid", attr.clockid);
  out.hex("sample_regs_intr", attr.sample_regs_intr);
  out.number("aux_watermark", attr.aux_watermark);
  out.number("sample_max_stack", attr.sample_max_stack);
  out.number("aux_sample_size", attr.aux_sample_size);
  out.number("sig_data", attr.sig_data);
  return out.take();
}

}  // namespace prof
