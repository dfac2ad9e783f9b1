// Ends as it is told.        usage: ends exit CODE | ends signal NUMBER
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int number = atoi(argv[2]);
  if (strcmp(argv[1], "exit") == 0) return number;
  if (strcmp(argv[1], "signal") != 0) return 2;
  signal(number, SIG_DFL);
  raise(number);
  return 3;  // the signal did not end us
}
