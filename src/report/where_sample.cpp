#include "report/where_sample.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "common/hash.h"
#include "perfdata/decode.h"
#include "report/callchain.h"
#include "report/sample_text.h"
#include "report/script_frames.h"

namespace prof {

namespace {

constexpr size_t kMostKnown = size_t{1} << 20;

FieldNumber unsigned_number(uint64_t value) {
  return {value, false};
}
FieldNumber signed_number(uint32_t value) {
  return {static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)}), true};
}

/// An error for the first of `names` that no event has.
Result<void> check_fields(const std::vector<std::string>& names, const TracePoints& points) {
  std::set<std::string_view> known;
  for (const TracePoints::Point* point : points.all()) {
    for (const EventField& field : point->format.fields) known.insert(field.name);
  }
  for (const std::string& name : names) {
    if (known.contains(name)) continue;
    std::string all;
    for (const std::string_view each : known) {
      if (!each.starts_with("common_")) all.append(all.empty() ? "" : ", ").append(each);
    }
    return fail(
        fmt::format("--where: samples have no '{}'", name),
        "there are comm, pid, tid, cpu, event, time, clock, period, weight, addr, ip, mode, "
        "cgroup, sym, dso, stack.sym, stack.dso, stack.depth" +
            (all.empty() ? std::string() : ", and of this recording's tracepoints " + all),
        2);
  }
  return {};
}

}  // namespace

size_t WhereFilter::PlaceHash::operator()(const Place& place) const {
  const uint64_t space = uint64_t{place.process} << 32 | place.version;
  return hash_mix(place.address, space ^ static_cast<uint64_t>(place.mode) << 60 ^
                                     static_cast<uint64_t>(place.kind) << 56);
}

WhereFilter::WhereFilter(Where where, Recording& recording)
    : where_(std::move(where)), recording_(recording) {}

Result<std::unique_ptr<WhereFilter>> WhereFilter::make(const std::string& text,
                                                       Recording& recording) {
  auto where = Where::parse(text);
  if (!where) return tl::unexpected(std::move(where.error()).in("--where"));
  const RecordingStats& stats = recording.stats();
  if (stats.last_time > stats.first_time) where->set_duration(stats.last_time - stats.first_time);
  std::unique_ptr<WhereFilter> filter(new WhereFilter(std::move(*where), recording));
  const auto fields = filter->where_.trace_fields();
  if (!fields.empty()) {
    filter->points_ = std::make_unique<TracePoints>(recording);
    if (auto done = check_fields(fields, *filter->points_); !done) {
      return tl::unexpected(std::move(done.error()));
    }
  }
  return filter;
}

bool WhereFilter::takes(const SampleRecord& sample, std::string_view comm, const ThreadState& state,
                        const U64View& chain) {
  sample_ = &sample;
  comm_ = comm;
  state_ = &state;
  chain_ = &chain;
  return where_.matches(*this);
}

std::optional<std::string_view> WhereFilter::text(WhereField field) {
  switch (field) {
    case WhereField::Comm:
      return comm_;
    case WhereField::Event:
      return recording_.events()[sample_->event].name;
    case WhereField::Mode:
      return cpu_mode_name(sample_->cpu_mode());
    case WhereField::Cgroup:
      if (!recording_.events()[sample_->event].has(PERF_SAMPLE_CGROUP)) return std::nullopt;
      return recording_.cgroup_name(sample_->cgroup);
    case WhereField::Symbol:
    case WhereField::Dso: {
      const Names& names = names_of(sample_->cpu_mode(), FrameAddress{VirtAddr{sample_->ip}});
      const auto name = field == WhereField::Symbol ? names.symbol : names.dso;
      return name.empty() ? kUnknownName : name;
    }
    default:
      return std::nullopt;
  }
}

std::optional<FieldNumber> WhereFilter::number(WhereField field) {
  const EventAttr& event = recording_.events()[sample_->event];
  const auto recorded = [&](uint64_t bits, FieldNumber value) -> std::optional<FieldNumber> {
    if (!event.has(bits)) return std::nullopt;
    return value;
  };
  switch (field) {
    case WhereField::Pid:
      return recorded(PERF_SAMPLE_TID, signed_number(sample_->pid));
    case WhereField::Tid:
      return recorded(PERF_SAMPLE_TID, signed_number(sample_->tid));
    case WhereField::Cpu:
      return recorded(PERF_SAMPLE_CPU, unsigned_number(sample_->cpu));
    case WhereField::Clock:
      return recorded(PERF_SAMPLE_TIME, unsigned_number(sample_->time));
    case WhereField::Time: {
      const uint64_t first = recording_.stats().first_time;
      return recorded(PERF_SAMPLE_TIME,
                      unsigned_number(sample_->time > first ? sample_->time - first : 0));
    }
    case WhereField::Period:
      return unsigned_number(sample_->period);
    case WhereField::Weight:
      return recorded(PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT,
                      unsigned_number(weight_of(*sample_, event).weight));
    case WhereField::Address:
      return recorded(PERF_SAMPLE_ADDR, unsigned_number(sample_->addr));
    case WhereField::PhysicalAddress:
      return recorded(PERF_SAMPLE_PHYS_ADDR, unsigned_number(sample_->phys_addr));
    case WhereField::Ip:
      return recorded(PERF_SAMPLE_IP, unsigned_number(sample_->ip));
    case WhereField::StackDepth: {
      uint64_t depth = 0;
      for_each_address(*chain_, sample_->cpu_mode(), [&](CpuMode, FrameAddress) { ++depth; });
      return unsigned_number(std::max<uint64_t>(depth, 1));
    }
    default:
      return std::nullopt;
  }
}

WhereSubject::FieldText WhereFilter::trace(std::string_view name) {
  const auto* point = points_->of(sample_->event);
  const EventField* field = point ? point->format.field(name) : nullptr;
  if (!field) return {};
  const bool swapped = points_->swapped();
  if (field->is_number()) {
    const auto number = read_number(*field, sample_->raw, swapped);
    if (number) return *number;
    return {};
  }
  const auto bytes = read_bytes(*field, sample_->raw, swapped);
  if (!field->is_string) return {};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.substr(0, text.find('\0'));
}

const WhereFilter::Names& WhereFilter::names_of(CpuMode mode, FrameAddress address) {
  Place place{raw(address.addr), 0, 0, mode, address.kind};
  if (mode == CpuMode::User) {
    place.process = state_->process.value;
    place.version = state_->version;
  } else if (mode == CpuMode::Kernel) {
    if (sample_->time < kernel_.valid_from || sample_->time >= kernel_.valid_until) {
      kernel_ = recording_.processes().state_at(kKernelPid, kKernelPid, sample_->time);
    }
    place.version = kernel_.version;
  }
  if (known_.size() > kMostKnown) known_.clear();
  const auto [it, added] = known_.try_emplace(place);
  if (added) {
    const ResolvedAddress found = recording_.resolve(*state_, sample_->time, mode, address);
    if (found.symbol.name.valid()) it->second.symbol = recording_.strings()[found.symbol.name];
    if (found.mapping) it->second.dso = dso_name_of(recording_, found);
  }
  return it->second;
}

void WhereFilter::for_each_frame(WhereField field,
                                 const std::function<bool(std::string_view)>& visit) {
  bool more = true;
  bool any = false;
  const auto take = [&](CpuMode mode, FrameAddress address) {
    any = true;
    if (!more) return;
    const Names& names = names_of(mode, address);
    const auto name = field == WhereField::StackSymbol ? names.symbol : names.dso;
    more = visit(name.empty() ? kUnknownName : name);
  };
  for_each_address(*chain_, sample_->cpu_mode(), take);
  if (!any) take(sample_->cpu_mode(), FrameAddress{VirtAddr{sample_->ip}});
}

}  // namespace prof
