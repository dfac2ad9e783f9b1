#include "object/debuginfod.h"

#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace prof {

namespace {

using Clock = std::chrono::steady_clock;

/// The functions of libdebuginfod that are needed; all there, or `library` is null.
struct Library {
  void* library = nullptr;
  decltype(&::debuginfod_begin) begin = nullptr;
  decltype(&::debuginfod_end) end = nullptr;
  decltype(&::debuginfod_find_debuginfo) find_debuginfo = nullptr;
  decltype(&::debuginfod_find_executable) find_executable = nullptr;
  decltype(&::debuginfod_set_progressfn) set_progressfn = nullptr;
  decltype(&::debuginfod_set_user_data) set_user_data = nullptr;
  decltype(&::debuginfod_get_user_data) get_user_data = nullptr;
};

template <class F>
bool load_symbol(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  return function != nullptr;
}

Library load_library() {
  Library l;
  l.library = ::dlopen(DEBUGINFOD_SONAME, RTLD_LAZY | RTLD_LOCAL);
  if (!l.library) return l;
  const bool whole = load_symbol(l.library, "debuginfod_begin", l.begin) &&
                     load_symbol(l.library, "debuginfod_end", l.end) &&
                     load_symbol(l.library, "debuginfod_find_debuginfo", l.find_debuginfo) &&
                     load_symbol(l.library, "debuginfod_find_executable", l.find_executable) &&
                     load_symbol(l.library, "debuginfod_set_progressfn", l.set_progressfn) &&
                     load_symbol(l.library, "debuginfod_set_user_data", l.set_user_data) &&
                     load_symbol(l.library, "debuginfod_get_user_data", l.get_user_data);
  if (!whole) l.library = nullptr;
  return l;
}

/// Loaded once and then as it is, since the callback gets the client only and has to ask the
/// library for what belongs to it.
const Library& the_library() {
  static const Library library = load_library();
  return library;
}

}  // namespace

struct Debuginfod::Impl {
  DebuginfodOptions options;
  debuginfod_client* client = nullptr;
  bool opened = false;
  bool cancelled = false;
  std::string what;  // is being asked for
  Clock::time_point question_began;
  std::chrono::milliseconds spent{0};

  Result<void> open();
  bool out_of_time() const;
  int on_progress(long received, long total);
  static int progress(debuginfod_client* client, long received, long total);
};

Result<void> Debuginfod::Impl::open() {
  if (!opened) {
    opened = true;
    if (auto done = available(); !done) return done;
    const Library& library = the_library();
    client = library.begin();
    if (client) {
      library.set_user_data(client, this);
      library.set_progressfn(client, &progress);
    }
  }
  if (!client) return fail("debuginfod cannot be used");
  return {};
}

Result<void> Debuginfod::available() {
  const char* urls = std::getenv(DEBUGINFOD_URLS_ENV_VAR);
  if (!urls || *urls == '\0') {
    return fail("debuginfod has no servers to ask", "set DEBUGINFOD_URLS to their addresses");
  }
  if (!the_library().library) {
    return fail(std::string("cannot load ") + DEBUGINFOD_SONAME, "install libdebuginfod1");
  }
  return {};
}

bool Debuginfod::Impl::out_of_time() const {
  return spent + (Clock::now() - question_began) >= options.budget;
}

int Debuginfod::Impl::progress(debuginfod_client* client, long received, long total) {
  auto* self = static_cast<Impl*>(the_library().get_user_data(client));
  return self ? self->on_progress(received, total) : 0;
}

/// Anything but 0 makes the library give the present question up.
int Debuginfod::Impl::on_progress(long received, long total) {
  if (options.cancelled && options.cancelled()) cancelled = true;
  if (cancelled || out_of_time()) return 1;
  if (options.progress) {
    options.progress(what, received > 0 ? static_cast<uint64_t>(received) : 0,
                     total > 0 ? static_cast<uint64_t>(total) : 0);
  }
  return 0;
}

Debuginfod::Debuginfod(DebuginfodOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->options = std::move(options);
}

Debuginfod::~Debuginfod() {
  if (impl_->client) the_library().end(impl_->client);
}

bool Debuginfod::gave_up() const {
  return impl_->cancelled || impl_->spent >= impl_->options.budget;
}

Result<std::string> Debuginfod::find(Kind kind, const BuildId& id, std::string_view what) {
  Impl& impl = *impl_;
  if (!impl.options.enabled) return fail("debuginfod is turned off");
  if (id.empty()) return fail("no build id to ask debuginfod for");
  if (impl.options.cancelled && impl.options.cancelled()) impl.cancelled = true;
  if (gave_up()) return fail("debuginfod was given up");
  if (auto opened = impl.open(); !opened) return tl::unexpected(std::move(opened.error()));
  impl.what = what;
  impl.question_began = Clock::now();
  const auto ask =
      kind == Kind::DebugFile ? the_library().find_debuginfo : the_library().find_executable;
  char* found = nullptr;
  const int fd =
      ask(impl.client, reinterpret_cast<const unsigned char*>(id.bytes.data()), id.size, &found);
  impl.spent +=
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - impl.question_began);
  const std::unique_ptr<char, void (*)(void*)> path(found, &std::free);
  if (fd < 0) {
    return fail("debuginfod has no file for " + std::string(what) + ": " + std::strerror(-fd));
  }
  ::close(fd);
  if (!path) return fail("debuginfod gave no path for " + std::string(what));
  return std::string(path.get());
}

Result<std::string> Debuginfod::find_debug_file(const BuildId& id, std::string_view what) {
  return find(Kind::DebugFile, id, what);
}

Result<std::string> Debuginfod::find_executable(const BuildId& id, std::string_view what) {
  return find(Kind::Executable, id, what);
}

}  // namespace prof
