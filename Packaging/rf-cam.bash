# bash completion for rf-cam. Options and what is valid for them are asked of the program that is being typed, so that they
# are those of its version.

_rf_cam_values() {
  local program=$1 option=$2
  case $option in
    --model | --config | --results) compgen -f -- "$current" ;;
    --output | --crops) compgen -d -- "$current" ;;
    --format) "$program" --help 2>/dev/null | sed -n 's/^  --format //p' | tr -d ',' ;;
    --size) echo original 640 1280 1920 ;;
    --isa) "$program" --version 2>/dev/null | sed -n 's/^instruction sets: //p' | tr ',' ' '; echo reference ;;
    --raw) echo yuyv: nv12: i420: rgb: bgr: gray: ;;
    --preview) echo 8080 ;;
    --camera) echo 640x480 1280x720 1920x1080 ;;
  esac
}

# Whether something follows the option: the help shows what.
_rf_cam_takes_value() {
  "$1" --help 2>/dev/null | grep -qE "^  $2 [^ ]"
}

_rf_cam() {
  local program=$1 current=$2 previous=$3 words
  # Bash splits at '=': --option=value comes as three words.
  [ "$current" = = ] && current='' && previous=${COMP_WORDS[COMP_CWORD - 1]}
  [ "$previous" = = ] && previous=${COMP_WORDS[COMP_CWORD - 2]}
  COMPREPLY=()
  if [[ $previous == --* ]] && _rf_cam_takes_value "$program" "$previous"; then
    words=$(_rf_cam_values "$program" "$previous")
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    case $previous in
      --model | --config | --results | --output | --crops) compopt -o filenames 2>/dev/null ;;
    esac
  elif [[ $current == -* ]]; then
    words=$("$program" --help 2>/dev/null | sed -nE 's/^  (--[a-z-]+)(, (-[a-z]))?.*/\1 \3/p')
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current"; compgen -G '/dev/video*' | grep -F -- "$current"; compgen -W pattern: -- "$current")
    compopt -o filenames 2>/dev/null
  fi
  return 0
}

complete -F _rf_cam rf-cam
