// Loads libprof_plugin.so (beside the program) while it runs, burns in it, unloads it, and loads it
// again.
//
//   main → burn_host                     usage: dlopens SECONDS
//   main → plugin_entry → burn_in_plugin
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "burn.h"

BURN(host)

typedef void (*plugin_function)(double);

static int visit_plugin(const char* path, double seconds) {
  void* plugin = dlopen(path, RTLD_NOW);
  if (plugin == NULL) {
    fprintf(stderr, "dlopens: %s\n", dlerror());
    return 1;
  }
  plugin_function entry = (plugin_function)dlsym(plugin, "plugin_entry");
  if (entry == NULL) return 1;
  entry(seconds);
  return dlclose(plugin);
}

int main(int argc, char** argv) {
  const double part = (argc > 1 ? atof(argv[1]) : 1.0) / 3;
  char self[4000];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length <= 0) return 1;
  self[length] = '\0';
  char path[4096];
  snprintf(path, sizeof path, "%s/libprof_plugin.so", dirname(self));

  burn_host(part);
  return visit_plugin(path, part) || visit_plugin(path, part);
}
