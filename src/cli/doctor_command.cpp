#include <unistd.h>

#include <memory>

#include "cli/command.h"
#include "common/output.h"
#include "doctor/doctor.h"

namespace prof {

void add_doctor_command(CLI::App& app, CommandRun& run) {
  auto* command = app.add_subcommand(
      "doctor", "Try everything that prof can use on this machine, and name the remedies");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print JSON, for machines");
  command->callback([json, &run] {
    run = [json]() -> Result<int> {
      const Diagnosis diagnosis = diagnose();
      Output out(STDOUT_FILENO);
      out << (*json ? diagnosis_json(diagnosis) : diagnosis_text(diagnosis));
      if (auto done = out.flush(); !done) return tl::unexpected(done.error());
      return diagnosis.can_record() ? 0 : 1;
    };
  });
}

}  // namespace prof
