#include <string>

#include "cli/command.h"
#include "record/bpf_object.h"

namespace prof {

std::string version_text() {
  std::string text = "prof " PROF_VERSION;
  if (!BpfObject::is_built_in()) text += "\nbuilt without BPF: no clang or libbpf";
  return text;
}

}  // namespace prof
