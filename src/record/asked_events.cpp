#include "record/asked_events.h"

#include <fmt/core.h>

#include <algorithm>

#include "record/breakpoint_spec.h"
#include "record/cgroup.h"
#include "record/event_filter.h"
#include "record/kernel_symbol.h"
#include "record/tracefs.h"
#include "record/weigh_events.h"
#include "record/workload.h"

namespace prof {

namespace {

/// What an event says for itself cannot always be done.
Result<void> check_terms(const RecordOptions& options, const std::vector<EventSpec>& specs) {
  const bool bpf =
      options.bpf || (options.call_graph == CallGraph::Bpf && options.call_graph_chosen);
  for (const EventSpec& spec : specs) {
    const EventTerms& terms = spec.terms;
    const bool chains = terms.call_graph || terms.stack_copy || terms.max_stack;
    if (chains && (bpf || options.live)) {
      return fail(
          fmt::format("call chains of its own, as '{}' asks for, exclude --bpf, --call-graph "
                      "bpf and dwarf,live: those are of all events",
                      spec.name),
          "give the method by --call-graph fp or dwarf", 2);
    }
    if (spec.is_hit() && bpf && !spec.cgroup.empty()) {
      return fail(fmt::format("-G and {} exclude each other for '{}': a BPF program takes its hits "
                              "of all cgroups",
                              options.bpf ? "--bpf" : "--call-graph bpf", spec.name),
                  "use --call-graph fp or dwarf", 2);
    }
    if (spec.reads_group && bpf) {
      return fail(
          fmt::format("the counts of a group, as of '{}', exclude --bpf and --call-graph bpf: "
                      "they are in the kernel's own samples",
                      spec.name),
          "leave out S, or use --call-graph fp", 2);
    }
  }
  const auto in_places = std::ranges::find_if(
      specs, [](const EventSpec& spec) { return spec.reads_group && spec.places() > 1; });
  if (in_places == specs.end()) return {};
  return fail(fmt::format("'{}' is at {} places in the code, and the counts of a group (S) are of "
                          "events at one",
                          in_places->name, in_places->places()),
              "leave out S", 2);
}

/// Gives the events of the -e number `after` the filters that follow it.
Result<void> add_filters(const RecordOptions& options, size_t after,
                         std::vector<EventSpec>& specs) {
  for (const FilterRequest& request : options.filters) {
    if (request.after != after) continue;
    const auto tracefs = Tracefs::find();
    if (!tracefs) return tl::unexpected(tracefs.error());
    for (EventSpec& spec : specs) {
      if (spec.tracepoint.empty()) {
        return fail(
            fmt::format("{} is of tracepoints, and '{}' has no fields", request.option, spec.name),
            "it belongs to the -e before it: -e block:block_rq_issue --filter "
            "'nr_sector > 200'",
            2);
      }
      const auto fields = tracefs->fields_of(spec.tracepoint);
      if (!fields) return tl::unexpected(fields.error());
      if (auto done = check_filter(request.text, *fields, spec.tracepoint); !done) return done;
      spec.filter = join_filters(spec.filter, request.text);
    }
  }
  return {};
}

/// Where a symbol is that no program has, for the reason `missing`: the kernel may.
Result<uint64_t> or_in_kernel(const std::string& symbol, const Error& missing) {
  auto address = kernel_address(symbol);
  if (!address && (missing.exit_code != 2 || address.error().exit_code == 2)) {
    return tl::unexpected(missing);
  }
  return address;
}

/// Gives the cgroups of -G that follow the -e number `after` to all `specs` so far: each to one of
/// them, in turns, where several are named, and a single one to all. `named` counts them, an empty
/// name too, which is for an event without.
Result<void> add_cgroups(const RecordOptions& options, size_t after, size_t& named,
                         std::vector<EventSpec>& specs) {
  for (const CgroupRequest& request : options.cgroups) {
    if (request.after != after) continue;
    const auto tree = CgroupTree::find();
    if (!tree) return tl::unexpected(tree.error());
    std::string_view names = request.names;
    for (bool more = true; more;) {
      const size_t comma = names.find(',');
      const std::string name(names.substr(0, comma));
      more = comma != names.npos;
      if (more) names.remove_prefix(comma + 1);
      const size_t index = named++;
      if (name.empty()) continue;
      if (index >= specs.size()) {
        return fail(fmt::format("cgroup '{}' is one more than there are events", name),
                    "of those before -G, the first event gets the first name", 2);
      }
      auto fd = tree->open(name);
      if (!fd) return tl::unexpected(fd.error());
      specs[index].cgroup = name;
      specs[index].cgroup_fd = std::make_shared<const UniqueFd>(std::move(*fd));
    }
    if (named != 1) continue;
    for (EventSpec& spec : specs) {
      spec.cgroup = specs.front().cgroup;
      spec.cgroup_fd = specs.front().cgroup_fd;
    }
  }
  return {};
}

}  // namespace

Result<std::vector<EventSpec>> asked_events(const RecordOptions& options) {
  std::vector<EventSpec> specs;
  size_t cgroups = 0;
  for (const std::string& text : options.events) {
    auto parsed = parse_events(text);
    if (!parsed) return tl::unexpected(parsed.error());
    if (auto done =
            add_filters(options, static_cast<size_t>(&text - options.events.data()) + 1, *parsed);
        !done)
      return tl::unexpected(done.error());
    const unsigned groups =
        specs.empty() ? 0 : std::ranges::max(specs, {}, &EventSpec::group).group;
    for (EventSpec& spec : *parsed) {
      if (spec.group != 0) spec.group += groups;
      specs.push_back(std::move(spec));
    }
    const auto given = static_cast<size_t>(&text - options.events.data()) + 1;
    if (auto done = add_cgroups(options, given, cgroups, specs); !done)
      return tl::unexpected(done.error());
  }
  if (specs.empty()) specs.push_back(default_event());
  if (!options.weight_field.empty()) {
    const auto tracefs = Tracefs::find();
    if (!tracefs) return tl::unexpected(tracefs.error());
    auto done = weigh_events(*tracefs, options.weight_field, specs);
    if (!done) return tl::unexpected(done.error());
  }
  if (auto done = check_terms(options, specs); !done) return tl::unexpected(done.error());
  return specs;
}

Result<bool> place_breakpoints_of_command(const RecordOptions& options,
                                          std::vector<EventSpec>& specs,
                                          std::vector<std::string>& notes) {
  bool any = false;
  const bool others = options.system_wide || !options.cpus.empty() || !options.pids.empty() ||
                      !options.tids.empty() || !options.user.empty();
  for (EventSpec& spec : specs) {
    if (spec.symbol.empty() || others) continue;
    if (command_path(options.command.front()).empty()) return false;  // the fork says it better
    auto address = address_in_command(spec.symbol, options.command);
    any |= address.has_value();
    if (!address) address = or_in_kernel(spec.symbol, address.error());
    if (!address) return tl::unexpected(address.error());
    spec.attr.bp_addr += *address;
    spec.symbol.clear();
  }
  if (any) {
    notes.push_back(fmt::format("'{}' runs without randomized addresses, for its breakpoints",
                                options.command.front()));
  }
  return any;
}

Result<void> place_breakpoints(const Target& target, std::vector<EventSpec>& specs) {
  std::vector<pid_t> pids(target.processes.begin(), target.processes.end());
  if (pids.empty() && target.kind == TargetKind::Threads) pids = target.threads;
  for (EventSpec& spec : specs) {
    if (spec.symbol.empty()) continue;
    auto address = address_in_processes(spec.symbol, pids);
    if (!address) address = or_in_kernel(spec.symbol, address.error());
    if (!address) return tl::unexpected(address.error());
    spec.attr.bp_addr += *address;
    spec.symbol.clear();
  }
  return {};
}

}  // namespace prof
