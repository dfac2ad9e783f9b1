#include "report/script_outputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace prof {

namespace {

std::string dump_path(const std::string& recording, std::string_view event) {
  std::string name(event);
  std::ranges::replace(name, '/', '_');  // "cpu/cycles/" is not in a folder "cpu"
  std::ranges::replace(name, '\0', '_');
  return fmt::format("{}.{}.dump", recording, name);
}

}  // namespace

Result<void> ScriptOutputs::open_dumps(const std::string& recording,
                                       std::span<const EventAttr> events) {
  for (const EventAttr& event : events) {
    const std::string path = dump_path(recording, event.name);
    auto& dump = dumps_[path];
    if (!dump) {
      UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
      if (!fd) {
        Error error = fail_errno("cannot write '" + path + "'").value();
        error.hint = "dumps lie beside the recording: copy it to where files can be made";
        return tl::unexpected(std::move(error));
      }
      dump = std::make_unique<Dump>(std::move(fd));
      paths_.push_back(path);
    }
    of_event_.push_back(dump.get());
  }
  return {};
}

std::vector<Output*> ScriptOutputs::all() {
  if (dumps_.empty()) return {&shared_};
  std::vector<Output*> outputs;
  for (const std::string& path : paths_) outputs.push_back(&dumps_[path]->output);
  return outputs;
}

Result<void> ScriptOutputs::finish() {
  for (const std::string& path : paths_) {
    Dump& dump = *dumps_[path];
    if (auto done = dump.output.flush(); !done) {
      return fail("'" + path + "': " + done.error().message);
    }
    struct stat status {};
    ::fstat(dump.fd.get(), &status);
    shared_ << fmt::format("[ prof script: Wrote {:.3f} MB {} ({} samples) ]\n",
                           static_cast<double>(status.st_size) / 1024.0 / 1024.0, path,
                           dump.samples);
  }
  return {};
}

}  // namespace prof
