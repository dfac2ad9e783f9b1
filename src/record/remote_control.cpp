#include "record/remote_control.h"

#include <fmt/core.h>

#include <utility>

#include "perfdata/attr_text.h"

namespace prof {

namespace {

using End = RecordLoop::End;

std::string_view shown(std::string_view line) {
  constexpr size_t kMost = 60;
  return line.substr(0, kMost);
}

/// As `perf evlist` with the same option.
std::string rate_text(const perf_event_attr& attr) {
  if (attr.freq) return fmt::format(": sample_freq={}", attr.sample_freq);
  return fmt::format(": sample_period={}", attr.sample_period);
}

}  // namespace

RemoteControl::RemoteControl(ControlChannel channel, EventSource& source, PerfSource& events,
                             bool has_files, Notify notify)
    : channel_(std::move(channel)),
      source_(source),
      events_(events),
      has_files_(has_files),
      notify_(std::move(notify)) {}

Result<std::optional<End>> RemoteControl::obey(bool& closed) {
  for (const std::string& line : channel_.receive(closed)) {
    const ControlCommand command = parse_control_command(line);
    if (command.verb == ControlVerb::Unknown) {
      notify_(
          fmt::format("prof: --control: '{}' is no command: enable [EVENT], disable [EVENT], "
                      "evlist [-v|-g|-F], snapshot, stop and ping are",
                      shown(line)));
      continue;
    }
    const auto end = obey(command);
    if (!end || *end) return end;
  }
  return std::nullopt;
}

/// A snapshot is acknowledged when it is there, an acknowledgement not at all.
Result<std::optional<End>> RemoteControl::obey(const ControlCommand& command) {
  std::optional<End> end;
  switch (command.verb) {
    case ControlVerb::Enable:
    case ControlVerb::Disable:
      if (auto done = switch_events(command.argument, command.verb == ControlVerb::Enable); !done)
        return tl::unexpected(done.error());
      break;
    case ControlVerb::Evlist:
      list(command.argument);
      break;
    case ControlVerb::Snapshot:
      if (has_files_) {
        snapshot_ = true;
        return End::NextFile;
      }
      notify_("prof: --control: a snapshot ends the file, which --switch-output allows");
      break;
    case ControlVerb::Stop:
      end = End::Stopped;
      break;
    case ControlVerb::Ping:
      break;
    case ControlVerb::Ack:
    case ControlVerb::Unknown:
      return std::nullopt;
  }
  channel_.acknowledge();
  return end;
}

void RemoteControl::file_ended() {
  if (std::exchange(snapshot_, false)) channel_.acknowledge();
}

Result<void> RemoteControl::switch_events(const std::string& name, bool on) {
  const char* word = on ? "enabled" : "disabled";
  if (!name.empty()) {
    if (events_.switch_event(name, on)) {
      notify_(fmt::format("Event {} {}", name, word));
    } else {
      notify_(
          fmt::format("prof: --control: no event '{}' can be {} by its name", shown(name), word));
    }
    return {};
  }
  if (on) {
    if (auto done = source_.start(); !done) return done;
  } else {
    source_.pause();
  }
  notify_(fmt::format("Events {}", word));
  return {};
}

void RemoteControl::list(std::string_view options) const {
  if (options == "-g") {
    for (const std::string& line : events_.groups()) notify_(line);
    return;
  }
  for (const EventAttr& event : events_.events()) {
    std::string line = event.name;
    if (options == "-v") line += ": " + attr_text(event.attr).substr(2);
    if (options == "-F") line += rate_text(event.attr);
    notify_(line);
  }
}

}  // namespace prof
