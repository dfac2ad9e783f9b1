#compdef prof
# zsh completion for prof. Written by scripts/generate_completions.py; do not edit.

_prof() {
  local -a commands
  commands=(
    'report:Show where the samples are, as a table'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments '--help[help]' '--version[version]'
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    report)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--no-inline[Accepted as perf'\''s\: inlined calls are not shown]' \
        '*-f[Accepted as perf'\''s\: ownership is not checked]' \
        '*--force[Accepted as perf'\''s\: ownership is not checked]' \
        '*--stdio[Plain text on standard output, without a pager]' \
        '*-s[Columns\: comm,dso,sym,pid,tid,cpu]:value:(comm dso sym pid tid cpu)' \
        '*--sort[Columns\: comm,dso,sym,pid,tid,cpu]:value:(comm dso sym pid tid cpu)' \
        '*--children[Count a function with everything it calls (default with call chains)]' \
        '*--no-children[Count a function with everything it calls (default with call chains)]' \
        '*-g[Call graph\: graph, fractal, flat, folded or none, then ,THRESHOLD ,LIMIT ,caller|callee ,percent|period|count]:value:(graph fractal flat folded none)' \
        '*--call-graph[Call graph\: graph, fractal, flat, folded or none, then ,THRESHOLD ,LIMIT ,caller|callee ,percent|period|count]:value:(graph fractal flat folded none)' \
        '*-G[Call graphs from callers to callees]' \
        '*--inverted[Call graphs from callers to callees]' \
        '*--percent-limit[Leave out what is below this percentage]:value: ' \
        '*--max-stack[Use this many frames of each stack]:value: ' \
        '*-n[Show the number of samples]' \
        '*--show-nr-samples[Show the number of samples]' \
        '*--show-total-period[Show the sum of periods]' \
        '*-d[Only samples in these DSOs]:value: ' \
        '*--dso[Only samples in these DSOs]:value: ' \
        '*--dsos[Only samples in these DSOs]:value: ' \
        '*-S[Only samples in these functions]:value: ' \
        '*--symbols[Only samples in these functions]:value: ' \
        '*--header[Show what the recording says of itself, too]' \
        '*--header-only[Show only that]' \
        '*--stats[Count the records of the recording]' \
        '*:file:_files'
      ;;
  esac
}

_prof "$@"
