// Times of unwind tables, and frames a second of each unwinder over the same stack copies of this
// process. Run by bench/unwind, which reads its lines: "table FILE ROWS BYTES MS",
// "kept FILE MS" (the same table from the disk cache) and "walk NAME SAMPLES FRAMES SECONDS".
#include <elfutils/libdwfl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>

#include "support/live_code.h"
#include "support/stepper.h"
#include "unwind/libunwind_unwinder.h"
#include "unwind/table_builder.h"
#include "unwind/table_cache.h"
#include "unwind/table_unwinder.h"

extern "C" {
int stacks_O0(int depth, int seed, void (*visit)(void*), void* context);
int stacks_O1(int depth, int seed, void (*visit)(void*), void* context);
int stacks_O2(int depth, int seed, void (*visit)(void*), void* context);
int stacks_O3(int depth, int seed, void (*visit)(void*), void* context);
}

using namespace prof;

namespace {

constexpr size_t kMaxFrames = 1024;
constexpr size_t kCopy = 8192;
constexpr int kTableRuns = 5;
constexpr int kWalkRuns = 15;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The same table from the disk cache, the file's opening included, as with one that is made.
void time_kept(const char* path, const UnwindTable& table, const RuleDictionary& made_with) {
  char folder[] = "/tmp/prof-bench-XXXXXX";
  if (!::mkdtemp(folder)) return;
  const DiskCache cache(folder);
  cache.put("table", encode_unwind_table(table, made_with));
  double best = std::numeric_limits<double>::max();
  bool whole = true;
  for (int run = 0; run < kTableRuns; ++run) {
    RuleDictionary rules;
    const double begin = cpu_seconds();
    const auto file = ElfFile::open(path);
    const std::string key = file ? unwind_table_key(*file) : "";
    const auto entry = cache.get("table");
    const auto kept = entry ? decode_unwind_table(entry->bytes(), rules) : std::nullopt;
    best = std::min(best, cpu_seconds() - begin);
    whole = whole && !key.empty() && kept;
  }
  std::filesystem::remove_all(folder);
  if (whole) std::printf("kept %s %.2f\n", path, best * 1e3);
}

void time_table(const char* path) {
  double best = std::numeric_limits<double>::max();
  UnwindTable table;
  std::unique_ptr<RuleDictionary> made_with;
  for (int run = 0; run < kTableRuns; ++run) {
    auto rules = std::make_unique<RuleDictionary>();
    const double begin = cpu_seconds();
    const auto file = ElfFile::open(path);
    auto built = file ? build_unwind_table(*file, *rules) : tl::unexpected(file.error());
    const double seconds = cpu_seconds() - begin;
    if (!built) {
      std::fprintf(stderr, "%s: %s\n", path, built.error().message.c_str());
      return;
    }
    best = std::min(best, seconds);
    table = std::move(*built);
    made_with = std::move(rules);
  }
  std::printf("table %s %zu %zu %.2f\n", path, size_t{table.counts().rows}, table.memory(),
              best * 1e3);
  time_kept(path, table, *made_with);
}

void nothing(void*) {}

/// Every third instruction of calls through frames of every shape.
std::vector<UserState> samples_of(const test::Steps& steps) {
  std::vector<UserState> samples;
  for (size_t i = 0; i < steps.states.size(); i += 3) {
    UserState state = steps.states[i];
    state.stack = state.stack.first(std::min(kCopy, state.stack.size()));
    samples.push_back(state);
  }
  return samples;
}

void time_walks(const char* name, Unwinder& unwinder, CodeMap& map,
                const std::vector<UserState>& samples) {
  std::vector<FrameAddress> chain;
  double best = std::numeric_limits<double>::max();
  size_t frames = 0;
  for (int run = 0; run <= kWalkRuns; ++run) {  // the first fills caches
    frames = 0;
    const double begin = cpu_seconds();
    for (const UserState& sample : samples) {
      unwinder.unwind(map, sample, kMaxFrames, chain);
      frames += chain.size();
    }
    const double seconds = cpu_seconds() - begin;
    if (run > 0) best = std::min(best, seconds);
  }
  std::printf("walk %s %zu %zu %.6f\n", name, samples.size(), frames, best);
}

/// libdwfl, the way perf uses it: one session, its thread callbacks give the sample at hand.
class LibdwUnwinder final : public Unwinder {
 public:
  LibdwUnwinder() {
    dwfl_ = dwfl_begin(&kCallbacks);
    dwfl_report_begin(dwfl_);
    dwfl_linux_proc_report(dwfl_, getpid());
    dwfl_report_end(dwfl_, nullptr, nullptr);
    dwfl_attach_state(dwfl_, nullptr, getpid(), &kThreadCallbacks, this);
  }
  LibdwUnwinder(const LibdwUnwinder&) = delete;
  LibdwUnwinder& operator=(const LibdwUnwinder&) = delete;
  ~LibdwUnwinder() override { dwfl_end(dwfl_); }

  UnwindStop unwind(CodeMap&, const UserState& user, size_t,
                    std::vector<FrameAddress>& out) override {
    out.clear();
    user_ = &user;
    out_ = &out;
    dwfl_getthread_frames(dwfl_, getpid(), on_frame, this);
    return UnwindStop::EndOfStack;
  }

 private:
  static pid_t next_thread(Dwfl*, void* self, void** argument) {
    if (*argument) return 0;
    *argument = self;
    return getpid();
  }
  static bool get_thread(Dwfl*, pid_t, void* self, void** argument) {
    *argument = self;
    return true;
  }
  static bool memory_read(Dwfl*, Dwarf_Addr addr, Dwarf_Word* out, void* self) {
    const UserState& user = *static_cast<LibdwUnwinder*>(self)->user_;
    const uint64_t offset = addr - raw(user.stack_begin);
    if (offset >= user.stack.size() || user.stack.size() - offset < sizeof *out) return false;
    std::memcpy(out, user.stack.data() + offset, sizeof *out);
    return true;
  }
  static bool initial_registers(Dwfl_Thread* thread, void* self) {
    const UserState& user = *static_cast<LibdwUnwinder*>(self)->user_;
    return dwfl_thread_state_registers(thread, 0, 17, user.registers.data());
  }
  static int on_frame(Dwfl_Frame* frame, void* self) {
    Dwarf_Addr pc = 0;
    bool exact = false;
    if (!dwfl_frame_pc(frame, &pc, &exact)) return DWARF_CB_ABORT;
    static_cast<LibdwUnwinder*>(self)->out_->push_back(
        {VirtAddr{pc}, exact ? AddrKind::InstructionPointer : AddrKind::ReturnAddress});
    return DWARF_CB_OK;
  }

  static constexpr Dwfl_Callbacks kCallbacks = {dwfl_linux_proc_find_elf,
                                                dwfl_standard_find_debuginfo, nullptr, nullptr};
  static constexpr Dwfl_Thread_Callbacks kThreadCallbacks = {
      next_thread, get_thread, memory_read, initial_registers, nullptr, nullptr};
  Dwfl* dwfl_ = nullptr;
  const UserState* user_ = nullptr;
  std::vector<FrameAddress>* out_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) time_table(argv[i]);
  const auto steps = test::step_through(
      [] {
        for (int seed = 0; seed < 6; ++seed) {
          stacks_O0(9, seed, nothing, nullptr);
          stacks_O1(9, seed, nothing, nullptr);
          stacks_O2(9, seed, nothing, nullptr);
          stacks_O3(9, seed, nothing, nullptr);
        }
      },
      100'000, size_t{1} << 30);
  test::LiveCode code;
  const std::vector<UserState> samples = samples_of(steps);
  TableUnwinder table(code.rules());
  time_walks("table", table, code, samples);
  if (const auto cached = make_libunwind_unwinder(LibunwindCache::On)) {
    time_walks("libunwind", *cached, code, samples);
  }
  LibdwUnwinder libdw;
  time_walks("libdw", libdw, code, samples);
}
