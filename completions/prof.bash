# bash completion for prof. Written by scripts/generate_completions.py; do not edit.

_prof() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=${COMP_WORDS[1]} words=""
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "record stacks report tui script flamegraph view fold diff embed export evlist buildids repair merge list doctor --help --version" -- "$current"))
    return
  fi
  case "$command $previous" in
    "record -C" | "record --cpu")
      # anything
      return
      ;;
    "record -p" | "record --pid")
      COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$current"))
      return
      ;;
    "record -t" | "record --tid")
      # anything
      return
      ;;
    "record -u" | "record --uid")
      COMPREPLY=($(compgen -u -- "$current"))
      return
      ;;
    "record -G" | "record --cgroup")
      # anything
      return
      ;;
    "record --duration")
      # anything
      return
      ;;
    "record -D" | "record --delay")
      # anything
      return
      ;;
    "record --control")
      # anything
      return
      ;;
    "record --max-size")
      # anything
      return
      ;;
    "record --switch-output")
      # anything
      return
      ;;
    "record --switch-max-files")
      # anything
      return
      ;;
    "record -o" | "record --output")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "record -z" | "record --compression-level")
      # anything
      return
      ;;
    "record -m" | "record --mmap-pages")
      # anything
      return
      ;;
    "record -F" | "record --freq")
      # anything
      return
      ;;
    "record -c" | "record --count")
      # anything
      return
      ;;
    "record -e" | "record --event")
      COMPREPLY=($(compgen -W "cycles instructions cache-references cache-misses branches branch-misses bus-cycles ref-cycles stalled-cycles-frontend stalled-cycles-backend cpu-clock task-clock page-faults minor-faults major-faults context-switches cpu-migrations alignment-faults emulation-faults" -- "$current"))
      return
      ;;
    "record --filter")
      # anything
      return
      ;;
    "record --call-graph")
      COMPREPLY=($(compgen -W "fp" -- "$current"))
      return
      ;;
    "record --weight")
      # anything
      return
      ;;
    "record --min-block")
      # anything
      return
      ;;
    "record --max-block")
      # anything
      return
      ;;
    "record --interval")
      # anything
      return
      ;;
    "record --max-stack")
      # anything
      return
      ;;
    "record -k" | "record --clockid")
      COMPREPLY=($(compgen -W "monotonic monotonic_raw realtime boottime tai" -- "$current"))
      return
      ;;
    "record -I" | "record --intr-regs")
      # anything
      return
      ;;
    "record --user-regs")
      # anything
      return
      ;;
    "record -j" | "record --branch-filter")
      # anything
      return
      ;;
    "stacks -p" | "stacks --pid")
      COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$current"))
      return
      ;;
    "stacks -i" | "stacks --interval")
      # anything
      return
      ;;
    "stacks -D" | "stacks --duration")
      # anything
      return
      ;;
    "stacks --filter")
      # anything
      return
      ;;
    "stacks --weight")
      # anything
      return
      ;;
    "stacks --call-graph")
      COMPREPLY=($(compgen -W "fp bpf" -- "$current"))
      return
      ;;
    "report -i" | "report --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "report --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "report --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "report -k" | "report --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "report --comm" | "report --comms")
      # anything
      return
      ;;
    "report --pid")
      # anything
      return
      ;;
    "report --tid")
      # anything
      return
      ;;
    "report -C" | "report --cpu")
      # anything
      return
      ;;
    "report --time")
      # anything
      return
      ;;
    "report --event")
      # anything
      return
      ;;
    "report --where")
      # anything
      return
      ;;
    "report --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "report --input-format")
      COMPREPLY=($(compgen -W "perf speedscope firefox cpuprofile pprof bpftrace script bcc folded" -- "$current"))
      return
      ;;
    "report --stdio")
      # anything
      return
      ;;
    "report --tui")
      # anything
      return
      ;;
    "report -s" | "report --sort")
      COMPREPLY=($(compgen -W "comm dso sym pid tid cpu trace" -- "$current"))
      return
      ;;
    "report -F" | "report --fields")
      # anything
      return
      ;;
    "report --time-quantum")
      # anything
      return
      ;;
    "report -t" | "report --field-separator")
      # anything
      return
      ;;
    "report -w" | "report --column-widths")
      # anything
      return
      ;;
    "report --percentage")
      # anything
      return
      ;;
    "report --group-sort-idx")
      # anything
      return
      ;;
    "report --socket-filter")
      # anything
      return
      ;;
    "report --weight")
      COMPREPLY=($(compgen -W "period" -- "$current"))
      return
      ;;
    "report -g" | "report --call-graph")
      COMPREPLY=($(compgen -W "graph fractal flat folded none" -- "$current"))
      return
      ;;
    "report --percent-limit")
      # anything
      return
      ;;
    "report --max-stack")
      # anything
      return
      ;;
    "report -p" | "report --parent")
      # anything
      return
      ;;
    "report --ignore-callees")
      # anything
      return
      ;;
    "report --symbol-filter")
      # anything
      return
      ;;
    "report -d" | "report --dso" | "report --dsos")
      # anything
      return
      ;;
    "report -S" | "report --symbols")
      # anything
      return
      ;;
    "tui -i" | "tui --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "tui --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "tui --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "tui -k" | "tui --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "tui --comm" | "tui --comms")
      # anything
      return
      ;;
    "tui --pid")
      # anything
      return
      ;;
    "tui --tid")
      # anything
      return
      ;;
    "tui -C" | "tui --cpu")
      # anything
      return
      ;;
    "tui --time")
      # anything
      return
      ;;
    "tui --event")
      # anything
      return
      ;;
    "tui --where")
      # anything
      return
      ;;
    "tui --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "tui --input-format")
      COMPREPLY=($(compgen -W "perf speedscope firefox cpuprofile pprof bpftrace script bcc folded" -- "$current"))
      return
      ;;
    "tui -s" | "tui --sort")
      # anything
      return
      ;;
    "tui -g" | "tui --call-graph")
      # anything
      return
      ;;
    "tui --percent-limit")
      # anything
      return
      ;;
    "tui --max-stack")
      # anything
      return
      ;;
    "script -i" | "script --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "script --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "script --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "script -k" | "script --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "script --comm" | "script --comms")
      # anything
      return
      ;;
    "script --pid")
      # anything
      return
      ;;
    "script --tid")
      # anything
      return
      ;;
    "script -C" | "script --cpu")
      # anything
      return
      ;;
    "script --time")
      # anything
      return
      ;;
    "script --event")
      # anything
      return
      ;;
    "script --where")
      # anything
      return
      ;;
    "script --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "script -F" | "script --fields")
      COMPREPLY=($(compgen -W "comm tid pid time cpu event ip sym symoff dso period trace" -- "$current"))
      return
      ;;
    "script --reltime")
      # anything
      return
      ;;
    "script --deltatime")
      # anything
      return
      ;;
    "script --addr")
      COMPREPLY=($(compgen -W "relative absolute" -- "$current"))
      return
      ;;
    "script --max-stack")
      # anything
      return
      ;;
    "script --stop-bt")
      # anything
      return
      ;;
    "script --json")
      # anything
      return
      ;;
    "script -x" | "script --field-separator")
      # anything
      return
      ;;
    "script --csv")
      # anything
      return
      ;;
    "flamegraph -i" | "flamegraph --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "flamegraph --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "flamegraph --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "flamegraph -k" | "flamegraph --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "flamegraph --comm" | "flamegraph --comms")
      # anything
      return
      ;;
    "flamegraph --pid")
      # anything
      return
      ;;
    "flamegraph --tid")
      # anything
      return
      ;;
    "flamegraph -C" | "flamegraph --cpu")
      # anything
      return
      ;;
    "flamegraph --time")
      # anything
      return
      ;;
    "flamegraph --event")
      # anything
      return
      ;;
    "flamegraph --where")
      # anything
      return
      ;;
    "flamegraph --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "flamegraph --input-format")
      COMPREPLY=($(compgen -W "perf speedscope firefox cpuprofile pprof bpftrace script bcc folded" -- "$current"))
      return
      ;;
    "flamegraph -o" | "flamegraph --output")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "flamegraph --weight")
      COMPREPLY=($(compgen -W "samples period" -- "$current"))
      return
      ;;
    "flamegraph --max-stack")
      # anything
      return
      ;;
    "flamegraph --base")
      # anything
      return
      ;;
    "flamegraph --skip-after")
      # anything
      return
      ;;
    "flamegraph --title")
      # anything
      return
      ;;
    "flamegraph --subtitle")
      # anything
      return
      ;;
    "flamegraph --notes")
      # anything
      return
      ;;
    "flamegraph --width")
      # anything
      return
      ;;
    "flamegraph --height")
      # anything
      return
      ;;
    "flamegraph --minwidth")
      # anything
      return
      ;;
    "flamegraph --bgcolors")
      # anything
      return
      ;;
    "flamegraph --colors" | "flamegraph --color")
      COMPREPLY=($(compgen -W "hot mem io red green blue aqua yellow purple orange java js perl python rust chain wakeup safe contrast" -- "$current"))
      return
      ;;
    "flamegraph --color-by" | "flamegraph --colour-by")
      COMPREPLY=($(compgen -W "kind dso package self" -- "$current"))
      return
      ;;
    "flamegraph --palette-map")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "flamegraph --nameattr")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "flamegraph --fonttype")
      # anything
      return
      ;;
    "flamegraph --fontsize")
      # anything
      return
      ;;
    "flamegraph --fontwidth")
      # anything
      return
      ;;
    "flamegraph --countname")
      # anything
      return
      ;;
    "flamegraph --nametype")
      # anything
      return
      ;;
    "flamegraph --factor")
      # anything
      return
      ;;
    "flamegraph --total")
      # anything
      return
      ;;
    "view -i" | "view --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "view --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "view --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "view -k" | "view --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "view --comm" | "view --comms")
      # anything
      return
      ;;
    "view --pid")
      # anything
      return
      ;;
    "view --tid")
      # anything
      return
      ;;
    "view -C" | "view --cpu")
      # anything
      return
      ;;
    "view --time")
      # anything
      return
      ;;
    "view --event")
      # anything
      return
      ;;
    "view --where")
      # anything
      return
      ;;
    "view --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "view --input-format")
      COMPREPLY=($(compgen -W "perf speedscope firefox cpuprofile pprof bpftrace script bcc folded" -- "$current"))
      return
      ;;
    "view -o" | "view --output")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "fold -i" | "fold --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "fold --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "fold --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "fold -k" | "fold --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "fold --comm" | "fold --comms")
      # anything
      return
      ;;
    "fold --pid")
      # anything
      return
      ;;
    "fold --tid")
      # anything
      return
      ;;
    "fold -C" | "fold --cpu")
      # anything
      return
      ;;
    "fold --time")
      # anything
      return
      ;;
    "fold --event")
      # anything
      return
      ;;
    "fold --where")
      # anything
      return
      ;;
    "fold --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "fold --input-format")
      COMPREPLY=($(compgen -W "perf speedscope firefox cpuprofile pprof bpftrace script bcc folded" -- "$current"))
      return
      ;;
    "fold --weight")
      COMPREPLY=($(compgen -W "samples period" -- "$current"))
      return
      ;;
    "fold --base")
      # anything
      return
      ;;
    "fold --skip-after")
      # anything
      return
      ;;
    "fold --max-stack")
      # anything
      return
      ;;
    "fold -o" | "fold --output")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "diff --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "diff --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "diff -k" | "diff --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "diff --comm" | "diff --comms")
      # anything
      return
      ;;
    "diff --pid")
      # anything
      return
      ;;
    "diff --tid")
      # anything
      return
      ;;
    "diff -C" | "diff --cpu")
      # anything
      return
      ;;
    "diff --time")
      # anything
      return
      ;;
    "diff --event")
      # anything
      return
      ;;
    "diff --where")
      # anything
      return
      ;;
    "diff --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "diff --before")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "diff --after")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "diff --normalize")
      COMPREPLY=($(compgen -W "share time none" -- "$current"))
      return
      ;;
    "diff --weight")
      COMPREPLY=($(compgen -W "samples period" -- "$current"))
      return
      ;;
    "diff --fail-if")
      # anything
      return
      ;;
    "diff --max-stack")
      # anything
      return
      ;;
    "diff --base")
      # anything
      return
      ;;
    "diff --skip-after")
      # anything
      return
      ;;
    "diff --sort")
      COMPREPLY=($(compgen -W "self total before after name" -- "$current"))
      return
      ;;
    "diff --limit")
      # anything
      return
      ;;
    "diff -t" | "diff --field-separator")
      # anything
      return
      ;;
    "diff --json")
      # anything
      return
      ;;
    "diff --folded")
      # anything
      return
      ;;
    "diff --flamegraph")
      # anything
      return
      ;;
    "diff -o" | "diff --output")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "diff --title")
      # anything
      return
      ;;
    "diff --subtitle")
      # anything
      return
      ;;
    "diff --notes")
      # anything
      return
      ;;
    "diff --width")
      # anything
      return
      ;;
    "diff --height")
      # anything
      return
      ;;
    "diff --minwidth")
      # anything
      return
      ;;
    "diff --bgcolors")
      # anything
      return
      ;;
    "diff --color-by" | "diff --colour-by")
      COMPREPLY=($(compgen -W "total self" -- "$current"))
      return
      ;;
    "embed -i" | "embed --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "embed --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "embed --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "embed -k" | "embed --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "embed -o" | "embed --output")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "export -i" | "export --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "export --symfs")
      COMPREPLY=($(compgen -d -- "$current"))
      return
      ;;
    "export --kallsyms")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "export -k" | "export --vmlinux")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "export --comm" | "export --comms")
      # anything
      return
      ;;
    "export --pid")
      # anything
      return
      ;;
    "export --tid")
      # anything
      return
      ;;
    "export -C" | "export --cpu")
      # anything
      return
      ;;
    "export --time")
      # anything
      return
      ;;
    "export --event")
      # anything
      return
      ;;
    "export --where")
      # anything
      return
      ;;
    "export --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "export --input-format")
      COMPREPLY=($(compgen -W "perf speedscope firefox cpuprofile pprof bpftrace script bcc folded" -- "$current"))
      return
      ;;
    "export --format")
      COMPREPLY=($(compgen -W "speedscope firefox pprof chrome callgrind d3 csv json folded" -- "$current"))
      return
      ;;
    "export -o" | "export --output")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "export --weight")
      COMPREPLY=($(compgen -W "samples period" -- "$current"))
      return
      ;;
    "export --base")
      # anything
      return
      ;;
    "export --skip-after")
      # anything
      return
      ;;
    "export --max-stack")
      # anything
      return
      ;;
    "evlist -i" | "evlist --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "buildids -i" | "buildids --input")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "merge -o" | "merge --output")
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
    "list -p" | "list --pid")
      COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$current"))
      return
      ;;
  esac
  case "$command" in
    record)
      words="-h --help -q --quiet -v --verbose -a --all-cpus -C --cpu -p --pid -t --tid -u --uid -i --no-inherit -G --cgroup --duration -D --delay --control --max-size --switch-output --switch-max-files --overwrite --tail-synthesize --timestamp-filename --timestamp-boundary -B -N --no-buildid --no-buildid-cache --buildid-all --buildid-mmap -o --output -z --compression-level --no-compress -m --mmap-pages --embed --no-cache --dry-run --switch-events -F --freq -c --count -e --event --filter --exclude-perf -g --call-graph --weight --bpf --off-cpu --wakers --wall --min-block --max-block --interval --max-stack -k --clockid --all-user --all-kernel -s --stat -n --no-samples --running-time --strict-freq --namespaces --no-bpf-event -d --data --phys-data --data-page-size --code-page-size -W --transaction -R --raw-samples -P --period -T --timestamp --sample-cpu --sample-identifier --all-cgroups -I --intr-regs --user-regs -b --branch-any -j --branch-filter --kernel-callchains --user-callchains"
      ;;
    stacks)
      words="-h --help -p --pid -i --interval -D --duration --filter --weight -P --per-pid -f --folded -U --user-stacks-only -K --kernel-stacks-only --call-graph --no-inherit -q --quiet --no-cache"
      ;;
    report)
      words="-h --help -i --input --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force --comm --comms --pid --tid -C --cpu --time --event --where --demangle --no-demangle --short-names --no-join-stacks --no-inline --inline --input-format --stdio --tui -s --sort -F --fields --time-quantum --ns -t --field-separator -w --column-widths --show-cpu-utilization --percentage --hierarchy --group --no-group --group-sort-idx --full-source-path --mem-mode --socket-filter --raw-trace --weight --children --no-children -g --call-graph -G --inverted --percent-limit --max-stack -p --parent -x --exclude-other --ignore-callees -U --hide-unresolved --symbol-filter -n --show-nr-samples --show-total-period -d --dso --dsos -S --symbols --header --header-only -I --show-info --json --ci --tasks --mmaps -T --threads --stack-quality --stats -q --quiet"
      ;;
    tui)
      words="-h --help -i --input --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force --comm --comms --pid --tid -C --cpu --time --event --where --demangle --no-demangle --short-names --no-join-stacks --no-inline --inline --input-format -s --sort --children --no-children -g --call-graph -G --inverted --percent-limit --max-stack"
      ;;
    script)
      words="-h --help -i --input --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force --comm --comms --pid --tid -C --cpu --time --event --where --demangle --no-demangle --short-names --no-join-stacks --no-inline --inline -F --fields --ns --reltime --deltatime -G --hide-call-graph --addr --max-stack --stop-bt --per-event-dump --show-mmap-events --show-task-events --show-switch-events --show-lost-events --show-namespace-events --show-cgroup-events --show-bpf-events --show-text-poke-events --show-round-events --json -x --field-separator --csv -D --dump --dump-raw-trace --header --header-only"
      ;;
    flamegraph)
      words="-h --help -i --input --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force --comm --comms --pid --tid -C --cpu --time --event --where --demangle --no-demangle --short-names --no-join-stacks --no-inline --inline --input-format -o --output --html --weight --idle --show-pid --show-tid --max-stack --base --skip-after --title --subtitle --notes --width --height --minwidth --bgcolors --inverted --reverse --colors --color --color-by --colour-by --cp --palette-map --nameattr --negate --flamechart --fonttype --fontsize --fontwidth --truncate-text-left --truncate-text-right --countname --nametype --factor --total --hash --deterministic"
      ;;
    view)
      words="-h --help -i --input --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force --comm --comms --pid --tid -C --cpu --time --event --where --demangle --no-demangle --short-names --no-join-stacks --no-inline --inline --input-format -o --output --idle"
      ;;
    fold)
      words="-h --help -i --input --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force --comm --comms --pid --tid -C --cpu --time --event --where --demangle --no-demangle --short-names --no-join-stacks --no-inline --inline --input-format --weight --show-pid --show-tid --marks --addrs --reverse --base --skip-after --max-stack -o --output"
      ;;
    diff)
      words="-h --help --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force --comm --comms --pid --tid -C --cpu --time --event --where --demangle --no-demangle --short-names --no-join-stacks --no-inline --inline --before --after --normalize --weight -s --strip-hex --fail-if --idle --max-stack --base --skip-after --sort --limit -t --field-separator --json --folded --flamegraph -n -o --output --title --subtitle --notes --width --height --minwidth --bgcolors --inverted --reverse --color-by --colour-by --negate"
      ;;
    embed)
      words="-h --help -i --input --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force -o --output"
      ;;
    export)
      words="-h --help -i --input --symfs --kallsyms -k --vmlinux --debuginfod --no-embedded --no-cache -f --force --comm --comms --pid --tid -C --cpu --time --event --where --demangle --no-demangle --short-names --no-join-stacks --no-inline --inline --input-format --format -o --output --weight --idle --base --skip-after --max-stack"
      ;;
    evlist)
      words="-h --help -i --input -v --verbose -g --group -F --freq --trace-fields"
      ;;
    buildids)
      words="-h --help -i --input -H --with-hits -k --kernel"
      ;;
    repair)
      words="-h --help -f --force"
      ;;
    merge)
      words="-h --help -o --output -f --force"
      ;;
    list)
      words="-h --help -p --pid -v --details --json --stdio"
      ;;
    doctor)
      words="-h --help --json"
      ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ $command == record ]]; then
    COMPREPLY=($(compgen -c -- "$current"))
  elif [[ $command == stacks ]]; then
    COMPREPLY=($(compgen -c -W "cycles instructions cache-references cache-misses branches branch-misses bus-cycles ref-cycles stalled-cycles-frontend stalled-cycles-backend cpu-clock task-clock page-faults minor-faults major-faults context-switches cpu-migrations alignment-faults emulation-faults" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _prof prof
