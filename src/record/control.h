// Control: commands that a recording gets from outside while it runs, through a FIFO or a
// descriptor, as perf's clients send them. Used by the recorder.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

/// Where commands come from, and where they are acknowledged.
struct ControlAddress {
  std::string commands, acks;          // FIFOs; empty: none
  int commands_fd = -1, acks_fd = -1;  // descriptors we were started with
};

/// "fifo:COMMANDS[,ACKS]" or "fd:N[,M]".
Result<ControlAddress> parse_control(std::string_view text);

enum class ControlVerb { Enable, Disable, Evlist, Snapshot, Stop, Ping, Ack, Unknown };

struct ControlCommand {
  ControlVerb verb = ControlVerb::Unknown;
  std::string argument;  // the event of Enable and Disable, the options of Evlist; may be empty
};

/// One line, without its end.
ControlCommand parse_control_command(std::string_view line);

class ControlChannel {
 public:
  static Result<ControlChannel> open(const ControlAddress& address);

  int fd() const { return commands_.get(); }
  /// When the descriptor is readable: the lines that have come. Commands end with a newline, a
  /// zero, or where nothing more has come; those that are too long for one are cut. Never blocks,
  /// and sets `closed` if nobody can send any more.
  std::vector<std::string> receive(bool& closed);
  /// Says that a command is done, if anyone wants to hear it.
  void acknowledge() const;

 private:
  UniqueFd commands_, acks_;
  std::string line_;  // what has come of the next one
};

}  // namespace prof
