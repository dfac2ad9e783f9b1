#include "record/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace prof {

SignalQueue::SignalQueue() {
  ::sigemptyset(&signals_);
  for (int signal : {SIGINT, SIGTERM, SIGCHLD, SIGUSR2}) ::sigaddset(&signals_, signal);
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) ::sigaddset(&signals_, SIGHUP);
  sigset_t blocked = signals_;
  ::sigaddset(&blocked, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
  fd_.reset(::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
}

SignalQueue::~SignalQueue() {
  // What still waits was meant for the recording, which is over: a second INT must not kill us now.
  while (next() != 0) {
  }
  const timespec none{};
  sigset_t pipe;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  while (::sigtimedwait(&pipe, nullptr, &none) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int SignalQueue::next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

int SignalQueue::wait() {
  for (;;) {
    if (const int signal = next()) return signal;
    pollfd ready{fd_.get(), POLLIN, 0};
    if (::poll(&ready, 1, -1) < 0 && errno != EINTR) return 0;
  }
}

}  // namespace prof
