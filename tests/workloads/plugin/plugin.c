// A library that the dlopens workload loads while it is being recorded.
#include "../burn.h"

BURN(in_plugin)

void plugin_entry(double seconds);
void plugin_entry(double seconds) {
  burn_in_plugin(seconds);
}
