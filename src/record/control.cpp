#include "record/control.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

namespace prof {

namespace {

// As perf's EVLIST_CTL_CMD_MAX_LEN allows, and names of events of ours may be paths.
constexpr size_t kMaxLine = 4096;
// With its zero: clients read as many bytes as perf writes (tools/perf/util/evlist.c).
constexpr char kAck[] = "ack\n";

Result<int> parse_descriptor(std::string_view text) {
  int fd = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, fd);
  if (error == std::errc{} && stop == end && fd >= 0) return fd;
  return fail(fmt::format("--control: '{}' is not the number of a descriptor", text),
              "write --control fd:COMMANDS[,ACKS], as in fd:3,4", 2);
}

/// Both ways, so that opening it waits for nobody, and it has no end when a client closes it.
Result<UniqueFd> open_fifo(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open the control FIFO '" + path + "'");
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) {
    return fail("'" + path + "' is no FIFO", "make one: mkfifo " + path, 2);
  }
  return fd;
}

/// A copy of ours, which the recorded command does not get.
Result<UniqueFd> take_descriptor(int number) {
  UniqueFd fd(::fcntl(number, F_DUPFD_CLOEXEC, 3));
  if (!fd) return fail_errno(fmt::format("--control: descriptor {} cannot be used", number));
  return fd;
}

}  // namespace

Result<ControlAddress> parse_control(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view rest = colon == text.npos ? "" : text.substr(colon + 1);
  const size_t comma = rest.find(',');
  const std::string_view commands = rest.substr(0, comma);
  const std::string_view acks = comma == rest.npos ? "" : rest.substr(comma + 1);
  if ((kind != "fifo" && kind != "fd") || commands.empty()) {
    return fail(fmt::format("--control takes fifo:COMMANDS[,ACKS] or fd:N[,M], not '{}'", text), {},
                2);
  }
  ControlAddress address;
  if (kind == "fifo") {
    address.commands = commands;
    address.acks = acks;
    return address;
  }
  const auto from = parse_descriptor(commands);
  if (!from) return tl::unexpected(from.error());
  address.commands_fd = *from;
  if (acks.empty()) return address;
  const auto to = parse_descriptor(acks);
  if (!to) return tl::unexpected(to.error());
  address.acks_fd = *to;
  return address;
}

ControlCommand parse_control_command(std::string_view line) {
  struct Word {
    std::string_view text;
    ControlVerb verb;
    bool takes_more;
  };
  constexpr Word kWords[] = {
      {"enable", ControlVerb::Enable, true}, {"disable", ControlVerb::Disable, true},
      {"evlist", ControlVerb::Evlist, true}, {"snapshot", ControlVerb::Snapshot, false},
      {"stop", ControlVerb::Stop, false},    {"ping", ControlVerb::Ping, false},
      {"ack", ControlVerb::Ack, false},
  };
  const size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  std::string_view more = space == line.npos ? "" : line.substr(space + 1);
  while (more.starts_with(' ')) more.remove_prefix(1);
  while (more.ends_with(' ')) more.remove_suffix(1);
  for (const Word& known : kWords) {
    if (word != known.text || (!known.takes_more && !more.empty())) continue;
    return {known.verb, std::string(more)};
  }
  return {};
}

Result<ControlChannel> ControlChannel::open(const ControlAddress& address) {
  ControlChannel channel;
  auto commands =
      address.commands.empty() ? take_descriptor(address.commands_fd) : open_fifo(address.commands);
  if (!commands) return tl::unexpected(commands.error());
  channel.commands_ = std::move(*commands);
  if (address.acks.empty() && address.acks_fd < 0) return channel;
  auto acks = address.acks.empty() ? take_descriptor(address.acks_fd) : open_fifo(address.acks);
  if (!acks) return tl::unexpected(acks.error());
  channel.acks_ = std::move(*acks);
  return channel;
}

std::vector<std::string> ControlChannel::receive(bool& closed) {
  std::vector<std::string> lines;
  std::array<char, 512> bytes;
  const ssize_t size = ::read(commands_.get(), bytes.data(), bytes.size());
  closed = size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
  for (ssize_t i = 0; i < size; ++i) {
    const char c = bytes[static_cast<size_t>(i)];
    if (c != '\n' && c != '\0') {
      if (line_.size() < kMaxLine) line_ += c;
    } else if (!line_.empty()) {
      lines.push_back(std::exchange(line_, {}));
    }
  }
  const bool more = size == static_cast<ssize_t>(bytes.size());
  if (!more && !line_.empty()) lines.push_back(std::exchange(line_, {}));
  return lines;
}

void ControlChannel::acknowledge() const {
  if (!acks_) return;
  // Who does not read them has no use for them.
  [[maybe_unused]] const ssize_t written = ::write(acks_.get(), kAck, sizeof kAck);
}

}  // namespace prof
