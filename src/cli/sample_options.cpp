#include "cli/sample_options.h"

namespace prof {

namespace {

constexpr const char* kGroup = "In each sample";
constexpr const char* kAllRegisters = "all";

void add_contents(CLI::App& app, RecordOptions& options, SampleArguments& to) {
  const auto flag = [&app](const char* name, bool& value, const char* help) {
    app.add_flag(name, value, help)->group(kGroup);
  };
  SampleContents& contents = options.contents;
  flag("-d,--data", contents.address, "The address of the data, and where it was found");
  flag("--phys-data", contents.phys_address, "Its physical address; needs root or CAP_PERFMON");
  flag("--data-page-size", contents.data_page_size, "The size of the page of the data");
  flag("--code-page-size", contents.code_page_size, "The size of the page of the code");
  // perf's long form, --weight, is of a tracepoint's field here.
  flag("-W", contents.weight, "How long it took, of events that tell");
  flag("--transaction", contents.transaction, "What became of the hardware transaction");
  flag("-R,--raw-samples", contents.raw, "Raw data, as tracepoints have them anyway");
  flag("-P,--period", contents.period, "The period, also where it is fixed by -c");
  app.add_flag_callback(
         "-T,--timestamp", [] {}, "The time; samples always have it")
      ->group(kGroup);
  flag("--sample-cpu", contents.cpu, "The CPU");
  flag("--sample-identifier", contents.identifier, "The event's id, first");
  flag("--all-cgroups", contents.cgroup, "The cgroup, whose names are recorded, too");
  app.add_option("-I,--intr-regs", to.interrupt_registers,
                 "Registers where it was taken: all, or attached as -Iax,bx; -I? lists them")
      ->expected(0, 1)
      ->default_str(kAllRegisters)
      ->group(kGroup);
  app.add_option("--user-regs", to.user_registers,
                 "The registers of user space, as --user-regs=ip,sp; =? lists them")
      ->expected(0, 1)
      ->default_str(kAllRegisters)
      ->group(kGroup);
  app.add_flag("-b,--branch-any", to.any_branch, "The branches taken last; needs a PMU with them")
      ->group(kGroup);
  app.add_option("-j,--branch-filter", to.branches,
                 "Branches of these kinds: any,any_call,any_ret,ind_call,cond,…,u,k")
      ->group(kGroup);
  flag("--kernel-callchains", to.kernel_callchains, "Of call chains, only the kernel's part");
  flag("--user-callchains", to.user_callchains, "Of call chains, only that of user space");
}

Result<uint64_t> registers(const std::string& text, bool vectors) {
  if (text.empty()) return 0;
  if (text == kAllRegisters) return general_registers();
  return parse_registers(text, vectors);
}

}  // namespace

void add_sample_options(CLI::App& app, RecordOptions& options, SampleArguments& to) {
  add_contents(app, options, to);
  app.add_flag("--all-user", options.all_user, "Of all events, only user space")->group("What");
  app.add_flag("--all-kernel", options.all_kernel, "Of all events, only the kernel")->group("What");
  app.add_option("-G,--cgroup", to.cgroups,
                 "With -a: the events before it in this cgroup only; NAME,NAME: one for each")
      ->group("Whom");
  app.add_flag("-s,--stat", options.thread_counts, "Also the counts of each thread, when it ends")
      ->group("What");
  app.add_flag("-n,--no-samples", options.no_samples, "Do not sample: only the counts of -s")
      ->group("What");
  app.add_flag("--running-time", options.running_time,
               "Also how long events were counted, with the counts of -s and of :S")
      ->group("What");
  app.add_flag("--strict-freq", options.strict_frequency,
               "Fail where -F is more than the kernel allows, rather than lower it")
      ->group("What");
  app.add_flag("--namespaces", options.namespaces, "Also the namespaces of processes")
      ->group("What");
  app.add_flag_callback(
         "--no-bpf-event", [&options] { options.bpf_events = false; },
         "Not which BPF programs come and go")
      ->group("What");
  app.add_flag_callback(
         "-B,--no-buildid,-N,--no-buildid-cache,--buildid-all,--buildid-mmap", [] {},
         "Of perf, and without effect: all that is mapped has its build id recorded, and perf's "
         "cache of binaries is not used")
      ->group("Where to");
}

Result<void> take_sample_options(const CLI::App& app, const SampleArguments& from,
                                 RecordOptions& options) {
  size_t events = 0, next = 0;
  for (const CLI::Option* option : app.parse_order()) {
    if (option->check_name("-e")) ++events;
    if (option->check_name("-G") && next < from.cgroups.size()) {
      options.cgroups.push_back({from.cgroups[next++], events});
    }
  }
  SampleContents& contents = options.contents;
  const auto interrupt = registers(from.interrupt_registers, true);
  if (!interrupt) return tl::unexpected(interrupt.error());
  contents.interrupt_registers = *interrupt;
  const auto user = registers(from.user_registers, false);
  if (!user) return tl::unexpected(user.error());
  contents.user_registers = *user;
  if (from.any_branch && !from.branches.empty()) {
    return fail("-b and -j exclude each other: -b is -j any", {}, 2);
  }
  if (from.any_branch || !from.branches.empty()) {
    const auto branches = parse_branch_filter(from.any_branch ? "any" : from.branches);
    if (!branches) return tl::unexpected(branches.error());
    contents.branches = *branches;
  }
  if (from.kernel_callchains != from.user_callchains) {
    options.kernel_callchains = from.kernel_callchains;
    options.user_callchains = from.user_callchains;
  }
  return {};
}

std::optional<std::string> asked_register_list(const SampleArguments& from) {
  if (from.interrupt_registers == "?") return register_list(true);
  if (from.user_registers == "?") return register_list(false);
  return std::nullopt;
}

}  // namespace prof
