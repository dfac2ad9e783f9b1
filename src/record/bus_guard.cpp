#include "record/bus_guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace prof {

namespace {

uintptr_t page_size = 4096;

/// Puts zeros where the file's page was. Other errors of the bus end the process as they would
/// have.
void on_bus_error(int number, siginfo_t* info, void*) {
  const uintptr_t page = reinterpret_cast<uintptr_t>(info->si_addr) & ~(page_size - 1);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if (info->si_code == BUS_ADRERR &&
      ::mmap(reinterpret_cast<void*>(page), page_size, PROT_READ, flags, -1, 0) != MAP_FAILED) {
    return;
  }
  ::signal(number, SIG_DFL);  // and the access is made again
}

}  // namespace

void guard_mapped_files() {
  page_size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace prof
