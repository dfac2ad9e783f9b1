#compdef prof
# zsh completion for prof. Written by scripts/generate_completions.py; do not edit.

_prof() {
  local -a commands
  commands=(
    'record:Record where a command, a process or the system spends its time'
    'stacks:Count the stacks that lead to an event'
    'report:Show where the samples are, as a table'
    'tui:Look at a recording in the terminal\: rows that open, and a flame graph'
    'script:Print the samples one by one, as text'
    'flamegraph:Draw a flame graph as SVG'
    'view:Look at a recording in the browser'
    'fold:Print folded stacks\: comm;root;...;leaf count'
    'diff:Compare recordings, and tell change from chance'
    'embed:Put the names of its stacks into a recording, for machines without the binaries'
    'export:Write a recording in the format of another viewer'
    'evlist:List the events of a recording'
    'buildids:List the build ids of the binaries of a recording'
    'repair:Write what can be read of a damaged or newer recording as one that perf reads'
    'merge:Join recordings, of one host or several'
    'list:List the events of this machine, and which open here'
    'doctor:Try everything that prof can use on this machine, and name the remedies'
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
    record)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-q[Print nothing but errors]' \
        '*--quiet[Print nothing but errors]' \
        '*-v[Say more]' \
        '*--verbose[Say more]' \
        '*-a[Record the whole system]' \
        '*--all-cpus[Record the whole system]' \
        '*-C[Record only on these CPUs\: 0-3,7]:value: ' \
        '*--cpu[Record only on these CPUs\: 0-3,7]:value: ' \
        '*-p[Record processes\: PID\[,PID\]]:process:_pids' \
        '*--pid[Record processes\: PID\[,PID\]]:process:_pids' \
        '*-t[Record threads\: TID\[,TID\]]:value: ' \
        '*--tid[Record threads\: TID\[,TID\]]:value: ' \
        '*-u[Record a user'\''s processes, by name or number]:user:_users' \
        '*--uid[Record a user'\''s processes, by name or number]:user:_users' \
        '*-i[Not the threads and children born later]' \
        '*--no-inherit[Not the threads and children born later]' \
        '*-G[With -a\: the events before it in this cgroup only; NAME,NAME\: one for each]:value: ' \
        '*--cgroup[With -a\: the events before it in this cgroup only; NAME,NAME\: one for each]:value: ' \
        '*--duration[Stop after so many seconds (0.5)]:value: ' \
        '*-D[Start sampling after so many ms, or only in spans (10-20,30-40); -1\: not at all]:value: ' \
        '*--delay[Start sampling after so many ms, or only in spans (10-20,30-40); -1\: not at all]:value: ' \
        '*--control[Take commands from fifo\:FIFO\[,ACKS\] or fd\:N\[,M\]\: enable, disable, stop, …]:value: ' \
        '*--max-size[Stop when the file has this size\: 100M]:value: ' \
        '*--switch-output[]:value: ' \
        '*--switch-max-files[With --switch-output\: keep so many files, and remove the oldest]:value: ' \
        '*--overwrite[Keep the newest samples in memory, and write them when a file ends]' \
        '*--tail-synthesize[Describe what runs at the end of a file, as --overwrite does]' \
        '*--timestamp-filename[Append the time of its end to the file'\''s name]' \
        '*--timestamp-boundary[Note the times of the first and last sample, as always]' \
        '*-B[Of perf, and without effect\: all that is mapped has its build id recorded, and perf'\''s cache of binaries is not used]' \
        '*-N[Of perf, and without effect\: all that is mapped has its build id recorded, and perf'\''s cache of binaries is not used]' \
        '*--no-buildid[Of perf, and without effect\: all that is mapped has its build id recorded, and perf'\''s cache of binaries is not used]' \
        '*--no-buildid-cache[Of perf, and without effect\: all that is mapped has its build id recorded, and perf'\''s cache of binaries is not used]' \
        '*--buildid-all[Of perf, and without effect\: all that is mapped has its build id recorded, and perf'\''s cache of binaries is not used]' \
        '*--buildid-mmap[Of perf, and without effect\: all that is mapped has its build id recorded, and perf'\''s cache of binaries is not used]' \
        '*-o[File to write; '\''-'\''\: standard output \[perf.data\]]:file:_files' \
        '*--output[File to write; '\''-'\''\: standard output \[perf.data\]]:file:_files' \
        '*-z[]:value: ' \
        '*--compression-level[]:value: ' \
        '*--no-compress[Do not compress]' \
        '*-m[Ring buffer of each CPU, in pages or as 1M]:value: ' \
        '*--mmap-pages[Ring buffer of each CPU, in pages or as 1M]:value: ' \
        '*--embed[Put the names of the stacks into the file, for machines without the binaries]' \
        '*--no-cache[Keep no copies of binaries that will not be found later]' \
        '*--dry-run[Only check the options and the names of the events]' \
        '*--switch-events[Record when threads go on and off the CPU]' \
        '*-F[Samples a second and CPU, or '\''max'\'' \[4000\]]:value: ' \
        '*--freq[Samples a second and CPU, or '\''max'\'' \[4000\]]:value: ' \
        '*-c[Sample every so many events instead]:value: ' \
        '*--count[Sample every so many events instead]:value: ' \
        '*-e[Events\: cycles, page-faults\:u, … \[cycles\]]:value:(cycles instructions cache-references cache-misses branches branch-misses bus-cycles ref-cycles stalled-cycles-frontend stalled-cycles-backend cpu-clock task-clock page-faults minor-faults major-faults context-switches cpu-migrations alignment-faults emulation-faults)' \
        '*--event[Events\: cycles, page-faults\:u, … \[cycles\]]:value:(cycles instructions cache-references cache-misses branches branch-misses bus-cycles ref-cycles stalled-cycles-frontend stalled-cycles-backend cpu-clock task-clock page-faults minor-faults major-faults context-switches cpu-migrations alignment-faults emulation-faults)' \
        '*--filter[Only those hits of the tracepoints before it\: '\''nr_sector > 200'\'']:value: ' \
        '*--exclude-perf[Not the hits of prof itself, of the tracepoints before it]' \
        '*-g[Record call chains\: as bpf where it can, else as fp]' \
        '*--call-graph[Record call chains by this method\: bpf, fp, or dwarf\[,SIZE\]\[,live\]]:value:(fp)' \
        '*--weight[With --bpf\: sum this field of the tracepoints, besides counting hits]:value: ' \
        '*--bpf[Count equal stacks in the kernel; the file holds each once]' \
        '*--off-cpu[Count the time that threads are away from a CPU, too, by stacks]' \
        '*--wakers[With --off-cpu\: count also who woke the threads, by stacks of both]' \
        '*--wall[Where the time of threads goes, on and off the CPU\: -g --off-cpu -e cpu-clock]' \
        '*--min-block[With --off-cpu\: only from this long on\: 10us, 1ms]:value: ' \
        '*--max-block[With --off-cpu\: only up to this long\: 100ms, 2s]:value: ' \
        '*--interval[With --bpf, --off-cpu\: counts of every so many seconds, for pictures over time]:value: ' \
        '*--max-stack[Frames of a call chain at most]:value: ' \
        '*-k[Clock of the time stamps \[monotonic\]]:value:(monotonic monotonic_raw realtime boottime tai)' \
        '*--clockid[Clock of the time stamps \[monotonic\]]:value:(monotonic monotonic_raw realtime boottime tai)' \
        '*--all-user[Of all events, only user space]' \
        '*--all-kernel[Of all events, only the kernel]' \
        '*-s[Also the counts of each thread, when it ends]' \
        '*--stat[Also the counts of each thread, when it ends]' \
        '*-n[Do not sample\: only the counts of -s]' \
        '*--no-samples[Do not sample\: only the counts of -s]' \
        '*--running-time[Also how long events were counted, with the counts of -s and of \:S]' \
        '*--strict-freq[Fail where -F is more than the kernel allows, rather than lower it]' \
        '*--namespaces[Also the namespaces of processes]' \
        '*--no-bpf-event[Not which BPF programs come and go]' \
        '*-d[The address of the data, and where it was found]' \
        '*--data[The address of the data, and where it was found]' \
        '*--phys-data[Its physical address; needs root or CAP_PERFMON]' \
        '*--data-page-size[The size of the page of the data]' \
        '*--code-page-size[The size of the page of the code]' \
        '*-W[How long it took, of events that tell]' \
        '*--transaction[What became of the hardware transaction]' \
        '*-R[Raw data, as tracepoints have them anyway]' \
        '*--raw-samples[Raw data, as tracepoints have them anyway]' \
        '*-P[The period, also where it is fixed by -c]' \
        '*--period[The period, also where it is fixed by -c]' \
        '*-T[The time; samples always have it]' \
        '*--timestamp[The time; samples always have it]' \
        '*--sample-cpu[The CPU]' \
        '*--sample-identifier[The event'\''s id, first]' \
        '*--all-cgroups[The cgroup, whose names are recorded, too]' \
        '*-I[Registers where it was taken\: all, or attached as -Iax,bx; -I? lists them]:value: ' \
        '*--intr-regs[Registers where it was taken\: all, or attached as -Iax,bx; -I? lists them]:value: ' \
        '*--user-regs[The registers of user space, as --user-regs=ip,sp; =? lists them]:value: ' \
        '*-b[The branches taken last; needs a PMU with them]' \
        '*--branch-any[The branches taken last; needs a PMU with them]' \
        '*-j[Branches of these kinds\: any,any_call,any_ret,ind_call,cond,…,u,k]:value: ' \
        '*--branch-filter[Branches of these kinds\: any,any_call,any_ret,ind_call,cond,…,u,k]:value: ' \
        '*--kernel-callchains[Of call chains, only the kernel'\''s part]' \
        '*--user-callchains[Of call chains, only that of user space]' \
        '*:: :_normal'
      ;;
    stacks)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-p[Only of these processes\: PID\[,PID\]]:process:_pids' \
        '*--pid[Only of these processes\: PID\[,PID\]]:process:_pids' \
        '*-i[Print every so many seconds, and begin at zero again]:value: ' \
        '*--interval[Print every so many seconds, and begin at zero again]:value: ' \
        '*-D[End after so many seconds]:value: ' \
        '*--duration[End after so many seconds]:value: ' \
        '*--filter[Only hits of a tracepoint whose fields are so\: '\''nr_sector > 200'\'']:value: ' \
        '*--weight[Sum this field of the tracepoint, instead of counting hits]:value: ' \
        '*-P[Tell processes apart\: comm \[pid\]]' \
        '*--per-pid[Tell processes apart\: comm \[pid\]]' \
        '*-f[Print folded stacks, for prof flamegraph]' \
        '*--folded[Print folded stacks, for prof flamegraph]' \
        '*-U[Only the user'\''s part of the stacks]' \
        '*--user-stacks-only[Only the user'\''s part of the stacks]' \
        '*-K[Only the kernel'\''s part]' \
        '*--kernel-stacks-only[Only the kernel'\''s part]' \
        '*--call-graph[How user stacks are found\: fp (frame pointers), or bpf (unwind tables) \[fp\]]:value:(fp bpf)' \
        '*--no-inherit[Not the threads and children born later]' \
        '*-q[Print no notes]' \
        '*--quiet[Print no notes]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        ':event:(cycles instructions cache-references cache-misses branches branch-misses bus-cycles ref-cycles stalled-cycles-frontend stalled-cycles-backend cpu-clock task-clock page-faults minor-faults major-faults context-switches cpu-migrations alignment-faults emulation-faults)' '*:: :_normal'
      ;;
    report)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--where[Only samples for which this holds, as '\''comm == nginx && dso !~ /libc/'\''\: see man prof-where]:value: ' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--short-names[C++, Rust and D names without parameters and template arguments]' \
        '*--no-join-stacks[Leave stacks that were larger than their copies as they were found]' \
        '*--no-inline[Do not show inlined calls]' \
        '*--inline[Show them in the kernel'\''s call chains, too, not only where stack copies are unwound]' \
        '*--input-format[What the input is, where its content does not tell\: perf, speedscope, firefox, cpuprofile, pprof, bpftrace, script, bcc, folded]:value:(perf speedscope firefox cpuprofile pprof bpftrace script bcc folded)' \
        '*--stdio[Plain text on standard output, without a pager]:value: ' \
        '*--tui[Rows that open, in the terminal\: the default in one]:value: ' \
        '*-s[What makes a row\: comm,dso,sym,srcline,srcfile,pid,tid,cpu,time,cgroup, parent,weight,addr,event,trace,mem,symbol_daddr, or fields of tracepoints; +KEYS\: more]:value:(comm dso sym pid tid cpu trace)' \
        '*--sort[What makes a row\: comm,dso,sym,srcline,srcfile,pid,tid,cpu,time,cgroup, parent,weight,addr,event,trace,mem,symbol_daddr, or fields of tracepoints; +KEYS\: more]:value:(comm dso sym pid tid cpu trace)' \
        '*-F[Columns, in this order\: overhead,overhead_children,overhead_sys, overhead_us,sample,period, and those of --sort; +KEYS\: more]:value: ' \
        '*--fields[Columns, in this order\: overhead,overhead_children,overhead_sys, overhead_us,sample,period, and those of --sort; +KEYS\: more]:value: ' \
        '*--time-quantum[Steps of the sort key time\: 100ms, 10us, 1s]:value: ' \
        '*--ns[Times in nanoseconds]' \
        '*-t[Put this between columns, which are not aligned then; in names it is a dot]:value: ' \
        '*--field-separator[Put this between columns, which are not aligned then; in names it is a dot]:value: ' \
        '*-w[]:value: ' \
        '*--column-widths[]:value: ' \
        '*--show-cpu-utilization[Show the shares of the kernel and of user space]' \
        '*--percentage[Of what filters leave (relative), or of all (absolute, the default)]:value: ' \
        '*--hierarchy[A level of rows for each sort key, in the place of columns]' \
        '*--group[One table for the events of a group (default where they were recorded so)]' \
        '*--no-group[One table for the events of a group (default where they were recorded so)]' \
        '*--group-sort-idx[Sort by the member of the group with this number, from 0]:value: ' \
        '*--full-source-path[Source files with their folders]' \
        '*--mem-mode[Memory accesses by their weights\: where data was, and which]' \
        '*--socket-filter[Only samples of this processor'\''s CPUs]:value: ' \
        '*--raw-trace[Fields of tracepoints as stored, not as their events print them]' \
        '*--weight[What percentages relate to\: period, or a number among a tracepoint'\''s fields]:value:(period)' \
        '*--children[Count a function with everything it calls (default with call chains)]' \
        '*--no-children[Count a function with everything it calls (default with call chains)]' \
        '*-g[Call graph\: graph, fractal, flat, folded or none, then ,THRESHOLD ,LIMIT ,caller|callee ,percent|period|count]:value:(graph fractal flat folded none)' \
        '*--call-graph[Call graph\: graph, fractal, flat, folded or none, then ,THRESHOLD ,LIMIT ,caller|callee ,percent|period|count]:value:(graph fractal flat folded none)' \
        '*-G[Call graphs from callers to callees]' \
        '*--inverted[Call graphs from callers to callees]' \
        '*--percent-limit[Leave out what is below this percentage]:value: ' \
        '*--max-stack[Use this many frames of each stack]:value: ' \
        '*-p[Tell samples apart by the function of this regular expression they are below]:value: ' \
        '*--parent[Tell samples apart by the function of this regular expression they are below]:value: ' \
        '*-x[Only samples below a function of --parent]' \
        '*--exclude-other[Only samples below a function of --parent]' \
        '*--ignore-callees[Count what functions of this regular expression call as their own]:value: ' \
        '*-U[Only samples in functions with a name]' \
        '*--hide-unresolved[Only samples in functions with a name]' \
        '*--symbol-filter[Only functions with this in their names]:value: ' \
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
        '*-I[With it CPUs, memory and caches]' \
        '*--show-info[With it CPUs, memory and caches]' \
        '*--json[JSON for programs, instead of tables]' \
        '*--ci[Show how far percentages may be off by chance\: their 95% interval]' \
        '*--tasks[List the threads and who made them, instead]' \
        '*--mmaps[List them with what they had mapped]' \
        '*-T[Show the counts of each thread that record -s left]' \
        '*--threads[Show the counts of each thread that record -s left]' \
        '*--stack-quality[Say which stacks are not whole, why, and what mends it]' \
        '*--stats[Count the records of the recording]' \
        '*-q[Only the rows\: no heads, no warnings]' \
        '*--quiet[Only the rows\: no heads, no warnings]' \
        '*:file:_files'
      ;;
    tui)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--where[Only samples for which this holds, as '\''comm == nginx && dso !~ /libc/'\''\: see man prof-where]:value: ' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--short-names[C++, Rust and D names without parameters and template arguments]' \
        '*--no-join-stacks[Leave stacks that were larger than their copies as they were found]' \
        '*--no-inline[Do not show inlined calls]' \
        '*--inline[Show them in the kernel'\''s call chains, too, not only where stack copies are unwound]' \
        '*--input-format[What the input is, where its content does not tell\: perf, speedscope, firefox, cpuprofile, pprof, bpftrace, script, bcc, folded]:value:(perf speedscope firefox cpuprofile pprof bpftrace script bcc folded)' \
        '*-s[What makes a row\: comm,dso,sym,srcline,srcfile,pid,tid,cpu,time,cgroup, parent,weight,addr,event,trace,mem,symbol_daddr, or fields of tracepoints; +KEYS\: more]:value: ' \
        '*--sort[What makes a row\: comm,dso,sym,srcline,srcfile,pid,tid,cpu,time,cgroup, parent,weight,addr,event,trace,mem,symbol_daddr, or fields of tracepoints; +KEYS\: more]:value: ' \
        '*--children[Count a function with everything it calls (default with call chains)]' \
        '*--no-children[Count a function with everything it calls (default with call chains)]' \
        '*-g[Call graph\: graph, fractal, flat, folded or none, then ,THRESHOLD ,LIMIT ,caller|callee ,percent|period|count]:value: ' \
        '*--call-graph[Call graph\: graph, fractal, flat, folded or none, then ,THRESHOLD ,LIMIT ,caller|callee ,percent|period|count]:value: ' \
        '*-G[Call graphs from callers to callees]' \
        '*--inverted[Call graphs from callers to callees]' \
        '*--percent-limit[Leave out what is below this percentage]:value: ' \
        '*--max-stack[Use this many frames of each stack]:value: ' \
        '*:file:_files'
      ;;
    script)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--where[Only samples for which this holds, as '\''comm == nginx && dso !~ /libc/'\''\: see man prof-where]:value: ' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--short-names[C++, Rust and D names without parameters and template arguments]' \
        '*--no-join-stacks[Leave stacks that were larger than their copies as they were found]' \
        '*--no-inline[Do not show inlined calls]' \
        '*--inline[Show them in the kernel'\''s call chains, too, not only where stack copies are unwound]' \
        '*-F[What to print\: comm,tid,pid,time,tod,cpu,event,trace,ip,sym,symoff,dso,period,srcline,addr,weight,iregs,uregs,brstack,brstacksym,brstackoff,phys_addr,…, or changes to the default as +pid,-cpu; as trace\:FIELDS of events of one type]:value:(comm tid pid time cpu event ip sym symoff dso period trace)' \
        '*--fields[What to print\: comm,tid,pid,time,tod,cpu,event,trace,ip,sym,symoff,dso,period,srcline,addr,weight,iregs,uregs,brstack,brstacksym,brstackoff,phys_addr,…, or changes to the default as +pid,-cpu; as trace\:FIELDS of events of one type]:value:(comm tid pid time cpu event ip sym symoff dso period trace)' \
        '*--ns[Times with nanoseconds]' \
        '*--reltime[Times since the first sample shown]:value: ' \
        '*--deltatime[Times since the sample before]:value: ' \
        '*-G[Only the sampled address, on the sample'\''s line]' \
        '*--hide-call-graph[Only the sampled address, on the sample'\''s line]' \
        '*--addr[Addresses of user space in call chains\: relative (to the file they are in) or absolute]:value:(relative absolute)' \
        '*--max-stack[Print this many frames of each call chain at most]:value: ' \
        '*--stop-bt[End each call chain at the first of these functions\: SYMBOL,SYMBOL…]:value: ' \
        '*--per-event-dump[The samples of each event into a file of its own, RECORDING.EVENT.dump]' \
        '*--show-mmap-events[Show mappings as well]' \
        '*--show-task-events[Show names, births and ends of threads as well]' \
        '*--show-switch-events[Show when threads go on and off the CPU as well]' \
        '*--show-lost-events[Show where records were lost as well]' \
        '*--show-namespace-events[Show which namespaces threads are in as well]' \
        '*--show-cgroup-events[Show the names of cgroups as well]' \
        '*--show-bpf-events[Show which BPF programs come and go as well]' \
        '*--show-text-poke-events[Show where the kernel changed its own code as well]' \
        '*--show-round-events[Show the recorder'\''s rounds as well]' \
        '*--json[An object of JSON for each sample, one a line]:value: ' \
        '*-x[A table with this between its columns, and a line of their names first]:value: ' \
        '*--field-separator[A table with this between its columns, and a line of their names first]:value: ' \
        '*--csv[The same as -x ,]:value: ' \
        '*-D[Every record as it lies in the file, with its offset and bytes]' \
        '*--dump[Every record as it lies in the file, with its offset and bytes]' \
        '*--dump-raw-trace[Every record as it lies in the file, with its offset and bytes]' \
        '*--header[First show what the recording says of itself]' \
        '*--header-only[Show only that]' \
        '*:file:_files'
      ;;
    flamegraph)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--where[Only samples for which this holds, as '\''comm == nginx && dso !~ /libc/'\''\: see man prof-where]:value: ' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--short-names[C++, Rust and D names without parameters and template arguments]' \
        '*--no-join-stacks[Leave stacks that were larger than their copies as they were found]' \
        '*--no-inline[Do not show inlined calls]' \
        '*--inline[Show them in the kernel'\''s call chains, too, not only where stack copies are unwound]' \
        '*--input-format[What the input is, where its content does not tell\: perf, speedscope, firefox, cpuprofile, pprof, bpftrace, script, bcc, folded]:value:(perf speedscope firefox cpuprofile pprof bpftrace script bcc folded)' \
        '*-o[File to write ('\''-'\''\: standard output)]:file:_files' \
        '*--output[File to write ('\''-'\''\: standard output)]:file:_files' \
        '*--html[One HTML file that needs no network\: graph, callers and callees, table, and a heat map of time to choose ranges of]' \
        '*--weight[What widths show\: samples, the sum of their period, or that of a number among a tracepoint'\''s fields, as bytes_alloc]:value:(samples period)' \
        '*--idle[Show where the idle task (swapper) waits for work, too]' \
        '*--show-pid[Keep processes apart]' \
        '*--show-tid[Keep threads apart]' \
        '*--max-stack[Keep at most so many frames]:value: ' \
        '*--base[Let stacks begin at this function\: what called it, and the command, is left out]:value: ' \
        '*--skip-after[The same, but the command stays below it]:value: ' \
        '*--title[Title of the picture]:value: ' \
        '*--subtitle[Second line; the event and what was counted if not given]:value: ' \
        '*--notes[A line below the picture]:value: ' \
        '*--width[Width in pixels; that of the window if not given]:value: ' \
        '*--height[Height of a frame in pixels]:value: ' \
        '*--minwidth[Leave out frames narrower than this\: pixels, or N% of the total; 1 if not given]:value: ' \
        '*--bgcolors[yellow, blue, green, grey or #rrggbb]:value: ' \
        '*--inverted[Root on top (an icicle graph)]' \
        '*--reverse[Leaf first\: who called each function]' \
        '*--colors[hot, mem, io, red, green, blue, aqua, yellow, purple, orange, java, js, perl, python, rust, chain, wakeup, safe (for colour-blind eyes) or contrast]:value:(hot mem io red green blue aqua yellow purple orange java js perl python rust chain wakeup safe contrast)' \
        '*--color[hot, mem, io, red, green, blue, aqua, yellow, purple, orange, java, js, perl, python, rust, chain, wakeup, safe (for colour-blind eyes) or contrast]:value:(hot mem io red green blue aqua yellow purple orange java js perl python rust chain wakeup safe contrast)' \
        '*--color-by[What colours tell\: kind (of frame, as the palette has it), dso, package or self]:value:(kind dso package self)' \
        '*--colour-by[What colours tell\: kind (of frame, as the palette has it), dso, package or self]:value:(kind dso package self)' \
        '*--cp[Keep the colours of functions between pictures in palette.map]' \
        '*--palette-map[The same in this file]:file:_files' \
        '*--nameattr[A file of attributes of functions\: name<tab>href=...<tab>title=...]:file:_files' \
        '*--negate[Of a differential (two counts a line)\: red for less, blue for more]' \
        '*--flamechart[In the order of time instead of names, one thread beside the other; folded stacks in the order of their lines]' \
        '*--fonttype[Font family]:value: ' \
        '*--fontsize[Font size in pixels]:value: ' \
        '*--fontwidth[Mean width of a letter in font sizes]:value: ' \
        '*--truncate-text-left[Show the end of a name that does not fit, instead of its beginning]' \
        '*--truncate-text-right[Show the beginning of a name that does not fit (the default)]' \
        '*--countname[What is counted, for hover texts]:value: ' \
        '*--nametype[What a frame is, for hover texts]:value: ' \
        '*--factor[Multiply shown counts by this]:value: ' \
        '*--total[Let the full width stand for this much]:value: ' \
        '*--hash[Accepted as flamegraph.pl'\''s and inferno'\''s\: colours always follow names]' \
        '*--deterministic[Accepted as flamegraph.pl'\''s and inferno'\''s\: colours always follow names]' \
        '*:file:_files'
      ;;
    view)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--where[Only samples for which this holds, as '\''comm == nginx && dso !~ /libc/'\''\: see man prof-where]:value: ' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--short-names[C++, Rust and D names without parameters and template arguments]' \
        '*--no-join-stacks[Leave stacks that were larger than their copies as they were found]' \
        '*--no-inline[Do not show inlined calls]' \
        '*--inline[Show them in the kernel'\''s call chains, too, not only where stack copies are unwound]' \
        '*--input-format[What the input is, where its content does not tell\: perf, speedscope, firefox, cpuprofile, pprof, bpftrace, script, bcc, folded]:value:(perf speedscope firefox cpuprofile pprof bpftrace script bcc folded)' \
        '*-o[File to write the page to; one in $TMPDIR or /tmp if not given]:file:_files' \
        '*--output[File to write the page to; one in $TMPDIR or /tmp if not given]:file:_files' \
        '*--idle[Show where the idle task (swapper) waits for work, too]' \
        '*:file:_files'
      ;;
    fold)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--where[Only samples for which this holds, as '\''comm == nginx && dso !~ /libc/'\''\: see man prof-where]:value: ' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--short-names[C++, Rust and D names without parameters and template arguments]' \
        '*--no-join-stacks[Leave stacks that were larger than their copies as they were found]' \
        '*--no-inline[Do not show inlined calls]' \
        '*--inline[Show them in the kernel'\''s call chains, too, not only where stack copies are unwound]' \
        '*--input-format[What the input is, where its content does not tell\: perf, speedscope, firefox, cpuprofile, pprof, bpftrace, script, bcc, folded]:value:(perf speedscope firefox cpuprofile pprof bpftrace script bcc folded)' \
        '*--weight[What counts\: samples, the sum of their period, as of times by default, or that of a number among a tracepoint'\''s fields]:value:(samples period)' \
        '*--show-pid[Keep processes apart\: comm-PID]' \
        '*--show-tid[Keep threads apart\: comm-PID/TID]' \
        '*--marks[Mark kernel _\[k\], JIT _\[j\] and inlined _\[i\] frames, as stackcollapse-perf.pl --all]' \
        '*--addrs[Show the address of frames without a symbol]' \
        '*--reverse[Leaf first]' \
        '*--base[Let stacks begin at this function\: what called it, and the command, is left out]:value: ' \
        '*--skip-after[The same, but the command stays below it]:value: ' \
        '*--max-stack[Keep at most so many frames]:value: ' \
        '*-o[File to write ('\''-'\''\: standard output)]:file:_files' \
        '*--output[File to write ('\''-'\''\: standard output)]:file:_files' \
        '*:file:_files'
      ;;
    diff)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--where[Only samples for which this holds, as '\''comm == nginx && dso !~ /libc/'\''\: see man prof-where]:value: ' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--short-names[C++, Rust and D names without parameters and template arguments]' \
        '*--no-join-stacks[Leave stacks that were larger than their copies as they were found]' \
        '*--no-inline[Do not show inlined calls]' \
        '*--inline[Show them in the kernel'\''s call chains, too, not only where stack copies are unwound]' \
        '*--before[A recording of the side before; may be repeated]:file:_files' \
        '*--after[A recording of the side after; may be repeated]:file:_files' \
        '*--normalize[What makes sides comparable\: share (of each side'\''s total), time (a second of recording) or none]:value:(share time none)' \
        '*--weight[What counts\: samples, the sum of their period, or that of a number among a tracepoint'\''s fields]:value:(samples period)' \
        '*-s[Functions whose names differ only in hexadecimal numbers (0x...) are one]' \
        '*--strip-hex[Functions whose names differ only in hexadecimal numbers (0x...) are one]' \
        '*--fail-if[Exit with 1 if this holds for sure, as '\''total(parse) > +3%'\''; may be repeated]:value: ' \
        '*--idle[With where the idle task (swapper) waits for work]' \
        '*--max-stack[Keep at most so many frames]:value: ' \
        '*--base[Let stacks begin at this function\: what called it, and the command, is left out]:value: ' \
        '*--skip-after[The same, but the command stays below it]:value: ' \
        '*--sort[Order of rows\: the change of self or total, self before or after, or name; what is sure comes first]:value:(self total before after name)' \
        '*--limit[Show so many rows, and all that are sure; 0\: all (40 if not given, all for programs)]:value: ' \
        '*-t[Put this between columns, which are not aligned then; in names it is a dot]:value: ' \
        '*--field-separator[Put this between columns, which are not aligned then; in names it is a dot]:value: ' \
        '*--json[JSON for programs, instead of a table]:value: ' \
        '*--folded[Folded stacks with both counts, as difffolded.pl, instead]:value: ' \
        '*--flamegraph[A flame graph of the differences as SVG, instead]:value: ' \
        '*-n[With --folded\: scale the counts of before to the total of after]' \
        '*-o[File to write ('\''-'\''\: standard output)]:file:_files' \
        '*--output[File to write ('\''-'\''\: standard output)]:file:_files' \
        '*--title[Title of the picture]:value: ' \
        '*--subtitle[Second line; the event and what was counted if not given]:value: ' \
        '*--notes[A line below the picture]:value: ' \
        '*--width[Width in pixels; that of the window if not given]:value: ' \
        '*--height[Height of a frame in pixels]:value: ' \
        '*--minwidth[Leave out frames narrower than this\: pixels, or N% of the total; 1 if not given]:value: ' \
        '*--bgcolors[yellow, blue, green, grey or #rrggbb]:value: ' \
        '*--inverted[Root on top (an icicle graph)]' \
        '*--reverse[Leaf first\: who called each function]' \
        '*--color-by[What colours tell the change of\: a frame with all above it (total), or the function alone (self)]:value:(total self)' \
        '*--colour-by[What colours tell the change of\: a frame with all above it (total), or the function alone (self)]:value:(total self)' \
        '*--negate[Red for less, blue for more]' \
        '*:file:_files'
      ;;
    embed)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*-o[Write a new file instead of changing it]:file:_files' \
        '*--output[Write a new file instead of changing it]:file:_files' \
        '*:file:_files'
      ;;
    export)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--symfs[Look for binaries under this directory]:folder:_files -/' \
        '*--kallsyms[Kernel symbols]:file:_files' \
        '*-k[Kernel image with symbols]:file:_files' \
        '*--vmlinux[Kernel image with symbols]:file:_files' \
        '*--debuginfod[Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without]' \
        '*--no-embedded[Do not use the names that '\''prof embed'\'' put into the recording]' \
        '*--no-cache[Keep nothing on disk for the next time, and use nothing that was]' \
        '*-f[Believe perf maps and jitdumps whoever owns them]' \
        '*--force[Believe perf maps and jitdumps whoever owns them]' \
        '*--comm[Only these commands]:value: ' \
        '*--comms[Only these commands]:value: ' \
        '*--pid[Only these processes]:value: ' \
        '*--tid[Only these threads]:value: ' \
        '*-C[Only these CPUs, as 0-3,7]:value: ' \
        '*--cpu[Only these CPUs, as 0-3,7]:value: ' \
        '*--time[Only this part\: START,STOP in seconds, 10%-20%, 10%/2]:value: ' \
        '*--event[Only this event of the recording]:value: ' \
        '*--where[Only samples for which this holds, as '\''comm == nginx && dso !~ /libc/'\''\: see man prof-where]:value: ' \
        '*--demangle[C++ and Rust names\: names, full or none]:value:(names full none)' \
        '*--no-demangle[Names as linked]' \
        '*--short-names[C++, Rust and D names without parameters and template arguments]' \
        '*--no-join-stacks[Leave stacks that were larger than their copies as they were found]' \
        '*--no-inline[Do not show inlined calls]' \
        '*--inline[Show them in the kernel'\''s call chains, too, not only where stack copies are unwound]' \
        '*--input-format[What the input is, where its content does not tell\: perf, speedscope, firefox, cpuprofile, pprof, bpftrace, script, bcc, folded]:value:(perf speedscope firefox cpuprofile pprof bpftrace script bcc folded)' \
        '*--format[speedscope, firefox, pprof, chrome, callgrind, d3, csv, json or folded; by the name of -o if not given]:value:(speedscope firefox pprof chrome callgrind d3 csv json folded)' \
        '*-o[File to write ('\''-'\''\: standard output)]:file:_files' \
        '*--output[File to write ('\''-'\''\: standard output)]:file:_files' \
        '*--weight[What counts\: samples, the sum of their period, or that of a number among a tracepoint'\''s fields]:value:(samples period)' \
        '*--idle[With where the idle task (swapper) waits for work]' \
        '*--base[Let stacks begin at this function\: what called it, and the command, is left out]:value: ' \
        '*--skip-after[The same, but the command stays below it]:value: ' \
        '*--max-stack[Keep at most so many frames]:value: ' \
        '*:file:_files'
      ;;
    evlist)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*-v[With all of their settings]' \
        '*--verbose[With all of their settings]' \
        '*-g[As the groups that they were recorded in]' \
        '*--group[As the groups that they were recorded in]' \
        '*-F[With their frequencies or periods]' \
        '*--freq[With their frequencies or periods]' \
        '*--trace-fields[With the fields of tracepoints]' \
        '*:file:_files'
      ;;
    buildids)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-i[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*--input[Recording to read ('\''-'\''\: standard input)]:file:_files' \
        '*-H[Only of those that samples are in]' \
        '*--with-hits[Only of those that samples are in]' \
        '*-k[That of the running kernel instead]' \
        '*--kernel[That of the running kernel instead]' \
        '*:file:_files'
      ;;
    repair)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-f[Write over a file that is there]' \
        '*--force[Write over a file that is there]' \
        '*:file:_files'
      ;;
    merge)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-o[File to write]:file:_files' \
        '*--output[File to write]:file:_files' \
        '*-f[Write over a file that is there]' \
        '*--force[Write over a file that is there]' \
        '*:file:_files'
      ;;
    list)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*-p[The static probes (USDT) of this process]:process:_pids' \
        '*--pid[The static probes (USDT) of this process]:process:_pids' \
        '*-v[Fields of tracepoints, terms of raw events, arguments of static probes]' \
        '*--details[Fields of tracepoints, terms of raw events, arguments of static probes]' \
        '*--json[Print JSON, for machines]' \
        '*--stdio[Plain text on standard output, without a pager]' \
        '*:file:_files'
      ;;
    doctor)
      _arguments -s -S \
        '*-h[Print this help message and exit]' \
        '*--help[Print this help message and exit]' \
        '*--json[Print JSON, for machines]' \
        '*:file:_files'
      ;;
  esac
}

_prof "$@"
