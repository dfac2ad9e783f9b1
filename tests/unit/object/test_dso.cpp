#include <catch2/catch.hpp>

#include "object/dso.h"

using namespace prof;

namespace {

constexpr uint32_t kKernel = UINT32_MAX;

struct Named {
  const char* mapping;
  uint32_t pid;
  const char* name;
  const char* short_name;
  DsoKind kind;
};

BuildId id_of(char c) {
  BuildId id;
  id.bytes.fill(static_cast<std::byte>(c));
  id.size = 20;
  return id;
}

}  // namespace

// The names are what perf 6.1 showed for mappings of these names.
TEST_CASE("Mappings are classified and named as perf does") {
  const auto expected = GENERATE(values<Named>({
      {"/usr/lib/libc.so.6", 12, "/usr/lib/libc.so.6", "libc.so.6", DsoKind::File},
      {"/tmp/plain file", 12, "/tmp/plain file", "plain file", DsoKind::File},
      {"/usr/bin/perf (deleted)", 12, "/usr/bin/perf (deleted)", "perf (deleted)", DsoKind::File},
      {"/memfd:jit (deleted)", 12, "/memfd:jit (deleted)", "memfd:jit (deleted)", DsoKind::File},
      {"anon_inode:[perf_event]", 12, "anon_inode:[perf_event]", "anon_inode:[perf_event]",
       DsoKind::File},
      {"/", 12, "/", "/", DsoKind::File},
      {"/x/ext4.ko.xz", 12, "/x/ext4.ko.xz", "ext4.ko.xz", DsoKind::File},
      {"//anon", 12, "/tmp/perf-12.map", "[JIT] tid 12", DsoKind::PerfMap},
      {"/dev/zero (deleted)", 12, "/tmp/perf-12.map", "[JIT] tid 12", DsoKind::PerfMap},
      {"/anon_hugepage (deleted)", 12, "/tmp/perf-12.map", "[JIT] tid 12", DsoKind::PerfMap},
      {"[heap]", 12, "/tmp/perf-12.map", "[JIT] tid 12", DsoKind::PerfMap},
      {"[stack]", 12, "/tmp/perf-12.map", "[JIT] tid 12", DsoKind::PerfMap},
      {"[stack:13]", 12, "/tmp/perf-12.map", "[JIT] tid 12", DsoKind::PerfMap},
      {"/SYSV00000000 (deleted)", 12, "/tmp/perf-12.map", "[JIT] tid 12", DsoKind::PerfMap},
      {"/tmp/perf-77.map", 12, "/tmp/perf-77.map", "[JIT] tid 77", DsoKind::PerfMap},
      {"/var/jit-9.dump", 12, "/var/jit-9.dump", "[JIT] tid 12", DsoKind::JitDump},
      {"/var/jit-x9.dump", 12, "/var/jit-x9.dump", "jit-x9.dump", DsoKind::File},
      {"/var/jit-.dump", 12, "/var/jit-.dump", "jit-.dump", DsoKind::File},
      {"[vdso]", 12, "[vdso]", "[vdso]", DsoKind::Vdso},
      {"[vsyscall]", 12, "[vsyscall]", "[vsyscall]", DsoKind::Vdso},
      {"[vvar]", 12, "[vvar]", "[vvar]", DsoKind::NoCode},
      {"[anon:arena]", 12, "[anon:arena]", "[anon:arena]", DsoKind::NoCode},
      {"[kernel.kallsyms]_text", kKernel, "[kernel.kallsyms]", "[kernel.kallsyms]",
       DsoKind::Kernel},
      {"/lib/modules/6.1/kernel/drivers/md/dm-mod.ko.xz", kKernel,
       "/lib/modules/6.1/kernel/drivers/md/dm-mod.ko.xz", "[dm_mod]", DsoKind::KernelModule},
      {"[ext4]", kKernel, "[ext4]", "[ext4]", DsoKind::KernelModule},
      {"bpf_prog_0123456789abcdef_x", kKernel, "bpf_prog_0123456789abcdef_x",
       "bpf_prog_0123456789abcdef_x", DsoKind::KernelModule},
  }));
  INFO(expected.mapping);
  const DsoName named = classify_mapping(expected.mapping, expected.pid);
  CHECK(named.name == expected.name);
  CHECK(named.kind == expected.kind);
  DsoTable dsos;
  const DsoId id = dsos.intern(named.name, named.kind, {}, expected.pid);
  CHECK(dsos[id].short_name == expected.short_name);
}

TEST_CASE("Data mappings keep their names and are no code") {
  for (const char* name : {"//anon", "[heap]", "[stack]", "/SYSV00000000 (deleted)"}) {
    const DsoName named = classify_mapping(name, 12, false);
    CHECK(named.name == name);
    CHECK(named.kind == DsoKind::NoCode);
  }
}

TEST_CASE("A DSO is one by name and build id") {
  DsoTable dsos;
  const DsoId a = dsos.intern("/bin/a", DsoKind::File, id_of('a'));
  CHECK(dsos.intern("/bin/a", DsoKind::File, id_of('a')) == a);
  const DsoId replaced = dsos.intern("/bin/a", DsoKind::File, id_of('b'));
  CHECK(replaced != a);
  CHECK(dsos.size() == 2);
  CHECK(dsos[a].build_id == id_of('a'));
  CHECK(dsos[replaced].build_id == id_of('b'));
}

TEST_CASE("A build id learnt later goes to the DSO that had none") {
  DsoTable dsos;
  const DsoId without = dsos.intern("/bin/a", DsoKind::File, {});
  const DsoId with = dsos.intern("/bin/a", DsoKind::File, id_of('b'));
  dsos.set_build_id("/bin/a", id_of('a'));
  dsos.set_build_id("/bin/unheard-of", id_of('a'));
  CHECK(dsos[without].build_id == id_of('a'));
  CHECK(dsos[with].build_id == id_of('b'));
  CHECK(dsos.intern("/bin/a", DsoKind::File, {}) == without);
  CHECK(dsos.intern("/bin/a", DsoKind::File, id_of('a')) == without);
  CHECK(dsos.size() == 2);
}

TEST_CASE("Files that simpleperf keeps generated code in are shown as what they are") {
  DsoTable dsos;
  const auto shown = [&](std::string_view name) {
    return dsos[dsos.intern(name, DsoKind::File, {})].short_name;
  };
  CHECK(shown("perf.data_jit_app_cache:15480-17544") == "[JIT app cache]");
  CHECK(shown("/tmp/perf.data_jit_zygote_cache:1-2") == "[JIT zygote cache]");
  CHECK(shown("/data/app/base.apk!/lib/arm64/libgame.so") == "libgame.so");
}
