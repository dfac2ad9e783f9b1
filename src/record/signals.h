// SignalQueue: the signals that end a recording, as events of its loop. Used by the recorder.
#pragma once

#include <csignal>

#include "common/unique_fd.h"

namespace prof {

/// While it lives, INT, TERM, HUP, USR2 and CHLD wait to be read, and PIPE does nothing. HUP stays
/// ignored where it was, for nohup's sake. Make it before starting threads.
class SignalQueue {
 public:
  SignalQueue();
  ~SignalQueue();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  int fd() const { return fd_.get(); }
  /// The next signal, or 0 if none waits.
  int next();
  /// The next signal; sleeps until there is one.
  int wait();

 private:
  sigset_t signals_;
  sigset_t before_;
  UniqueFd fd_;
};

}  // namespace prof
