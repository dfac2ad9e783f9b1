# bash completion for prof. Written by scripts/generate_completions.py; do not edit.

_prof() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=${COMP_WORDS[1]} words=""
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "report --help --version" -- "$current"))
    return
  fi
  case "$command $previous" in
    "report -i" | "report --input")
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
    "report --demangle")
      COMPREPLY=($(compgen -W "names full none" -- "$current"))
      return
      ;;
    "report -s" | "report --sort")
      COMPREPLY=($(compgen -W "comm dso sym pid tid cpu" -- "$current"))
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
    "report -d" | "report --dso" | "report --dsos")
      # anything
      return
      ;;
    "report -S" | "report --symbols")
      # anything
      return
      ;;
  esac
  case "$command" in
    report)
      words="-h --help -i --input --comm --comms --pid --tid -C --cpu --time --event --symfs --kallsyms -k --vmlinux --demangle --no-demangle --no-inline -f --force --stdio -s --sort --children --no-children -g --call-graph -G --inverted --percent-limit --max-stack -n --show-nr-samples --show-total-period -d --dso --dsos -S --symbols --header --header-only --stats"
      ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ $command == record ]]; then
    COMPREPLY=($(compgen -c -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _prof prof
