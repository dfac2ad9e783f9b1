#include "record/bpf_object.h"

#ifdef PROF_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <utility>

#include "common/unique_fd.h"
#include "record/confinement.h"
#include "record/privileges.h"

namespace prof {

namespace {

/// What libbpf has to say goes nowhere unless it explains a failure: its last warning is kept, or
/// what the verifier said last.
thread_local std::string last_warning;
thread_local bool verifier_spoke;

/// The last line of the verifier's log that is no statistics.
std::string_view verdict(std::string_view log) {
  log = log.substr(0, log.find("-- END PROG LOAD LOG"));
  for (;;) {
    while (log.ends_with('\n')) log.remove_suffix(1);
    const auto line = log.substr(log.rfind('\n') + 1);
    if (line.empty() || !line.starts_with("processed ")) return line;
    log.remove_suffix(line.size());
  }
}

int keep_warning(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN || verifier_spoke) return 0;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  std::string text(static_cast<size_t>(std::max(length, 0)) + 1, '\0');  // a log has 16 MiB at most
  std::vsnprintf(text.data(), text.size(), format, again);
  va_end(again);
  text.pop_back();
  verifier_spoke = text.find("BEGIN PROG LOAD LOG") != text.npos;
  last_warning = verifier_spoke ? verdict(text) : text.substr(0, text.find('\n'));
  return length;
}

void listen() {
  libbpf_set_print(keep_warning);
  last_warning.clear();
  verifier_spoke = false;
}

Error explain(int error) {
  // The verifier, too, says EACCES: of a program that it does not believe.
  const bool capable = has_capability(CAP_BPF) && has_capability(CAP_PERFMON);
  if (error == EPERM || (error == EACCES && !capable)) return explain_bpf_denied();
  Error failure;
  if (::access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    failure.message =
        "BPF programs cannot be loaded: this kernel has no BTF (/sys/kernel/btf/vmlinux)";
    failure.hint = "a kernel of 5.15 or newer with CONFIG_DEBUG_INFO_BTF has it";
  } else if (lockdown_level() == "confidentiality") {
    failure.message =
        "BPF programs cannot be loaded: the kernel is locked down (confidentiality), which keeps "
        "them from reading its memory";
    failure.hint = "boot it with lockdown=integrity, or without secure boot";
  } else {
    failure.message = fmt::format("BPF programs cannot be loaded: {}", std::strerror(error));
    if (!last_warning.empty()) failure.message += " (" + last_warning + ")";
    failure.hint = "prof needs Linux 5.15 or newer for them";
  }
  return failure;
}

}  // namespace

struct BpfObject::Impl {
  bpf_object* object = nullptr;
  std::vector<bpf_link*> links;
  std::vector<std::span<std::byte>> mapped;
  UniqueFd stats;  // while it is open, the kernel measures
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    for (bpf_link* link : links) bpf_link__destroy(link);
    for (const auto memory : mapped) ::munmap(memory.data(), memory.size());
    bpf_object__close(object);
  }

  bpf_map* map(const char* name) const { return bpf_object__find_map_by_name(object, name); }
  bool set_constants(std::span<const std::byte> constants) const;
  bool share(std::span<const BpfObject> with) const;
  std::span<std::byte> map_memory(int fd, size_t size);
  bool select(std::string_view program) const;
};

std::span<std::byte> BpfObject::Impl::map_memory(int fd, size_t size) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  size = (size + page - 1) / page * page;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return {};
  return mapped.emplace_back(static_cast<std::byte*>(memory), size);
}

bool BpfObject::Impl::set_constants(std::span<const std::byte> constants) const {
  bpf_map* rodata = map(".rodata");
  if (!rodata) return constants.empty();
  size_t size = 0;
  if (!bpf_map__initial_value(rodata, &size) || size < constants.size()) return false;
  std::vector<std::byte> value(size);
  std::ranges::copy(constants, value.begin());
  return bpf_map__set_initial_value(rodata, value.data(), size) == 0;
}

bool BpfObject::Impl::share(std::span<const BpfObject> with) const {
  bpf_map* each = nullptr;
  bpf_object__for_each_map(each, object) {
    if (bpf_map__is_internal(each)) continue;
    for (const BpfObject& object_with : with) {
      const int other = object_with.map(bpf_map__name(each));
      if (other < 0) continue;
      if (bpf_map__reuse_fd(each, other) != 0) return false;
      break;
    }
  }
  return true;
}

/// Leaves out all but the program and the maps whose names begin with its name.
bool BpfObject::Impl::select(std::string_view program) const {
  bool found = false;
  bpf_program* each = nullptr;
  bpf_object__for_each_program(each, object) {
    const bool wanted = bpf_program__name(each) == program;
    found |= wanted;
    if (bpf_program__set_autoload(each, wanted) != 0) return false;
  }
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const bool wanted = std::string_view(bpf_map__name(map)).starts_with(program);
    if (bpf_map__set_autocreate(map, wanted) != 0) return false;
  }
  return found;
}

BpfObject::BpfObject(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BpfObject::BpfObject(BpfObject&&) noexcept = default;
BpfObject& BpfObject::operator=(BpfObject&&) noexcept = default;
BpfObject::~BpfObject() = default;

bool BpfObject::is_built_in() {
  return true;
}

Result<BpfObject> BpfObject::load(std::span<const std::byte> bytes,
                                  std::span<const std::byte> constants,
                                  std::span<const BpfObject> shared, const char* without) {
  listen();
  auto impl = std::make_unique<Impl>();
  impl->object = bpf_object__open_mem(bytes.data(), bytes.size(), nullptr);
  if (!impl->object) return tl::unexpected(explain(errno));
  if (!impl->set_constants(constants) || !impl->share(shared)) {
    return fail("BPF programs cannot be loaded: they do not fit together");
  }
  if (without) {
    bpf_program* unwanted = bpf_object__find_program_by_name(impl->object, without);
    if (unwanted) bpf_program__set_autoload(unwanted, false);
  }
  if (const int error = bpf_object__load(impl->object); error != 0) {
    return tl::unexpected(explain(-error));
  }
  return BpfObject(std::move(impl));
}

Result<BpfObject> BpfObject::load_one(std::span<const std::byte> bytes, const char* program) {
  listen();
  auto impl = std::make_unique<Impl>();
  impl->object = bpf_object__open_mem(bytes.data(), bytes.size(), nullptr);
  if (!impl->object) return tl::unexpected(explain(errno));
  if (!impl->select(program)) return fail(fmt::format("no BPF program '{}' is built in", program));
  if (const int error = bpf_object__load(impl->object); error != 0) {
    return tl::unexpected(explain(-error));
  }
  return BpfObject(std::move(impl));
}

std::string BpfObject::library() {
  return fmt::format("libbpf {}.{}", libbpf_major_version(), libbpf_minor_version());
}

int BpfObject::program(const char* name) const {
  const bpf_program* found = bpf_object__find_program_by_name(impl_->object, name);
  return found ? bpf_program__fd(found) : -1;
}

int BpfObject::map(const char* name) const {
  const bpf_map* found = impl_->map(name);
  return found ? bpf_map__fd(found) : -1;
}

Result<void> BpfObject::attach_tracepoints() {
  bpf_program* each = nullptr;
  bpf_object__for_each_program(each, impl_->object) {
    if (!std::string_view(bpf_program__section_name(each)).starts_with("tp_btf/")) continue;
    if (!bpf_program__autoload(each)) continue;
    bpf_link* link = bpf_program__attach(each);
    if (!link) return tl::unexpected(explain(errno));
    impl_->links.push_back(link);
  }
  return {};
}

bool BpfObject::run_iterator(const char* name) const {
  const bpf_program* found = bpf_object__find_program_by_name(impl_->object, name);
  bpf_link* link = found ? bpf_program__attach_iter(found, nullptr) : nullptr;
  if (!link) return false;
  const UniqueFd fd(bpf_iter_create(bpf_link__fd(link)));
  char nothing[64];
  ssize_t size = -1;
  while (fd && (size = ::read(fd.get(), nothing, sizeof nothing)) > 0) continue;
  bpf_link__destroy(link);
  return size == 0;
}

void BpfObject::enable_stats() {
  impl_->stats.reset(bpf_enable_stats(BPF_STATS_RUN_TIME));
}

BpfObject::RunStats BpfObject::run_stats(const char* name) const {
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program(name), &info, &size) != 0) return {};
  return {info.run_cnt, info.run_time_ns, info.recursion_misses};
}

bool BpfObject::update(const char* name, uint32_t key, std::span<const std::byte> value) const {
  return bpf_map_update_elem(map(name), &key, value.data(), BPF_ANY) == 0;
}

std::vector<std::byte> BpfObject::read_per_cpu(const char* name, size_t size) const {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) return {};
  std::vector<std::byte> values(size * static_cast<size_t>(cpus));
  const uint32_t key = 0;
  if (bpf_map_lookup_elem(map(name), &key, values.data()) != 0) return {};
  return values;
}

namespace {

/// `next` is the system call that gives a batch of entries.
template <class Next>
bool walk_entries(const bpf_map* found, Next next, const BpfObject::TakeEntry& visit) {
  constexpr uint32_t kBatch = 4096;
  if (!found) return false;
  const size_t key_size = bpf_map__key_size(found);
  const size_t value_size = bpf_map__value_size(found);
  std::vector<std::byte> keys(kBatch * key_size);
  std::vector<std::byte> values(kBatch * value_size);
  std::vector<std::byte> position(std::max<size_t>(key_size, 8));
  void* from = nullptr;
  for (;;) {
    uint32_t count = kBatch;
    const int error = next(bpf_map__fd(found), from, position.data(), keys.data(), values.data(),
                           &count, nullptr);
    // ENOENT comes with the last entries, ENOSPC without any: a bucket has more than a batch.
    if (error != 0 && error != -ENOENT) return false;
    for (size_t i = 0; i < count; ++i) {
      visit(std::span(keys).subspan(i * key_size, key_size),
            std::span(values).subspan(i * value_size, value_size));
    }
    if (error != 0) return true;
    from = position.data();
  }
}

}  // namespace

bool BpfObject::take_all(const char* name, const TakeEntry& take) const {
  return walk_entries(impl_->map(name), bpf_map_lookup_and_delete_batch, take);
}

bool BpfObject::for_each(const char* name, const TakeEntry& visit) const {
  return walk_entries(impl_->map(name), bpf_map_lookup_batch, visit);
}

void BpfObject::remove(const char* name, uint32_t key) const {
  bpf_map_delete_elem(map(name), &key);
}

std::span<std::byte> BpfObject::memory_of(const char* name) {
  const bpf_map* found = impl_->map(name);
  if (!found) return {};
  // Elements lie at multiples of 8.
  const size_t element = (bpf_map__value_size(found) + 7) / 8 * 8;
  const size_t size = element * bpf_map__max_entries(found);
  const auto memory = impl_->map_memory(bpf_map__fd(found), size);
  return memory.empty() ? memory : memory.first(size);
}

std::vector<std::span<std::byte>> BpfObject::add_arrays(const char* outer, uint32_t first,
                                                        uint32_t count, uint32_t size) {
  std::vector<std::span<std::byte>> added;
  std::vector<UniqueFd> arrays;
  std::vector<uint32_t> keys;
  std::vector<int> values;
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  for (uint32_t i = 0; i < count; ++i) {
    UniqueFd array(
        bpf_map_create(BPF_MAP_TYPE_ARRAY, "shard", sizeof(uint32_t), size, 1, &options));
    const auto memory = array ? impl_->map_memory(array.get(), size) : std::span<std::byte>{};
    if (memory.empty()) break;
    added.push_back(memory.first(size));
    keys.push_back(first + i);
    values.push_back(array.get());
    arrays.push_back(std::move(array));  // until the outer map holds it
  }
  auto done = static_cast<uint32_t>(added.size());
  if (done != 0 &&
      bpf_map_update_batch(map(outer), keys.data(), values.data(), &done, nullptr) != 0) {
    // Kernels before 5.19 know no batches of maps.
    size_t good = 0;
    while (good < keys.size() &&
           bpf_map_update_elem(map(outer), &keys[good], &values[good], BPF_ANY) == 0) {
      ++good;
    }
    added.resize(good);
  }
  return added;
}

struct BpfRing::Impl {
  ring_buffer* ring = nullptr;
  Take take;
  size_t size = 0;  // bytes of the ring
  size_t left = 0;  // of them, how many may still have been there when consume() began
  explicit Impl(Take taker) : take(std::move(taker)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { ring_buffer__free(ring); }
};

BpfRing::BpfRing(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BpfRing::BpfRing(BpfRing&&) noexcept = default;
BpfRing& BpfRing::operator=(BpfRing&&) noexcept = default;
BpfRing::~BpfRing() = default;

Result<BpfRing> BpfRing::open(const BpfObject& object, const char* map, Take take) {
  auto impl = std::make_unique<Impl>(std::move(take));
  const auto hand_out = [](void* context, void* data, size_t size) {
    auto& self = *static_cast<Impl*>(context);
    self.take({static_cast<const std::byte*>(data), size});
    const size_t length = (size + BPF_RINGBUF_HDR_SZ + 7) & ~size_t{7};
    self.left -= std::min(self.left, length);
    return self.left == 0 ? -EAGAIN : 0;
  };
  impl->ring = ring_buffer__new(object.map(map), hand_out, impl.get(), nullptr);
  if (!impl->ring) return tl::unexpected(explain(errno));
  bpf_map_info info{};
  __u32 info_size = sizeof info;
  if (bpf_obj_get_info_by_fd(object.map(map), &info, &info_size) != 0) {
    return tl::unexpected(explain(errno));
  }
  impl->size = info.max_entries;
  return BpfRing(std::move(impl));
}

int BpfRing::poll_fd() const {
  return ring_buffer__epoll_fd(impl_->ring);
}

void BpfRing::consume() const {
  impl_->left = impl_->size;
  ring_buffer__consume(impl_->ring);
}

}  // namespace prof

#else  // built without BPF

namespace prof {

struct BpfObject::Impl {};
BpfObject::BpfObject(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BpfObject::BpfObject(BpfObject&&) noexcept = default;
BpfObject& BpfObject::operator=(BpfObject&&) noexcept = default;
BpfObject::~BpfObject() = default;
bool BpfObject::is_built_in() {
  return false;
}
Result<BpfObject> BpfObject::load(std::span<const std::byte>, std::span<const std::byte>,
                                  std::span<const BpfObject>, const char*) {
  return fail("this prof was built without BPF", "build it with clang and libbpf 1.0 or newer");
}
Result<BpfObject> BpfObject::load_one(std::span<const std::byte> bytes, const char*) {
  return load(bytes, {});
}
std::string BpfObject::library() {
  return {};
}
int BpfObject::program(const char*) const {
  return -1;
}
int BpfObject::map(const char*) const {
  return -1;
}
Result<void> BpfObject::attach_tracepoints() {
  return {};
}
bool BpfObject::run_iterator(const char*) const {
  return false;
}
void BpfObject::enable_stats() {}
BpfObject::RunStats BpfObject::run_stats(const char*) const {
  return {};
}
bool BpfObject::update(const char*, uint32_t, std::span<const std::byte>) const {
  return false;
}
std::vector<std::byte> BpfObject::read_per_cpu(const char*, size_t) const {
  return {};
}
bool BpfObject::take_all(const char*, const TakeEntry&) const {
  return false;
}
bool BpfObject::for_each(const char*, const TakeEntry&) const {
  return false;
}
void BpfObject::remove(const char*, uint32_t) const {}
std::span<std::byte> BpfObject::memory_of(const char*) {
  return {};
}
std::vector<std::span<std::byte>> BpfObject::add_arrays(const char*, uint32_t, uint32_t, uint32_t) {
  return {};
}

struct BpfRing::Impl {};
BpfRing::BpfRing(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BpfRing::BpfRing(BpfRing&&) noexcept = default;
BpfRing& BpfRing::operator=(BpfRing&&) noexcept = default;
BpfRing::~BpfRing() = default;
Result<BpfRing> BpfRing::open(const BpfObject&, const char*, Take) {
  return fail("this prof was built without BPF");
}
int BpfRing::poll_fd() const {
  return -1;
}
void BpfRing::consume() const {}

}  // namespace prof

#endif
