# bash completion for rf-cam: options and their values, files, folders and cameras.
# File names are untrusted: they are never expanded a second time (no eval, no compgen -W), keep their spaces and newlines,
# and readline quotes them when it inserts them.

# Prints the program whose --help lists the options, so that they are those of its version: the one that is typed as an
# absolute path, else the rf-cam on PATH. What a relative path names (./rf-cam, or a relative entry of PATH) is not run:
# completion must not execute a file of the current folder.
_rf_cam_program() {
  local program=$1
  [[ $program == /* && -f $program ]] || program=$(type -P rf-cam)
  [[ $program == /* ]] && printf '%s\n' "$program"
}

_rf_cam_help() {
  local program
  program=$(_rf_cam_program "$1") && "$program" --help 2>/dev/null </dev/null
}

# Prints the fixed values of an option, one per line. _rf_cam_values PROGRAM OPTION
_rf_cam_values() {
  local program
  case $2 in
    --format) _rf_cam_help "$1" | sed -n 's/^  --format //p' | tr -d , | tr ' ' '\n' ;;
    --size) printf '%s\n' original 640 1280 1920 ;;
    --large-faces) printf '%s\n' on off ;;
    --isa)
      program=$(_rf_cam_program "$1") && "$program" --version 2>/dev/null </dev/null | sed -n 's/^instruction sets: //p' | tr -d ' ' | tr , '\n'
      echo reference
      ;;
    --raw) printf '%s\n' yuyv: nv12: i420: rgb: bgr: gray: ;;
    --preview) echo 8080 ;;
    --camera) printf '%s\n' 640x480 1280x720 1920x1080 ;;
  esac
}

# Prints the names that begin with a typed word, each ended by a NUL; only folders if the second argument is "folders".
# Runs in a subshell: the options of the user's shell stay as they are.
_rf_cam_names() {
  local prefix=$1 kind=$2 home='' name names
  shopt -s nullglob
  shopt -u failglob nocaseglob dotglob
  set +f
  unset GLOBIGNORE
  if [[ $prefix == \~/* ]]; then home=$HOME/ prefix=${prefix:2}; fi
  names=("$home$prefix"*)
    # A typed word may contain backslashes (a\ b): read removes them.
  if [ ${#names[@]} -eq 0 ] && [[ $prefix == *\\* ]]; then
    # shellcheck disable=SC2162 # without -r on purpose: this is what removes the backslashes
    IFS= read -d '' prefix < <(printf '%s\0' "$prefix")
    names=("$home$prefix"*)
  fi
  for name in "${names[@]}"; do
    [ "$kind" = folders ] && [ ! -d "$name" ] && continue
      # A name that begins with '-' would be read as an option, one that begins with '~' as a home folder.
    [[ $name != [-~]* ]] || name=./$name
    [ -z "$home" ] || name=\~/${name:${#home}}
    printf '%s\0' "$name"
  done
}

# Offers names. If there are none, readline completes the word by itself, with variables such as $HOME in it.
_rf_cam_offer_names() {
  mapfile -d '' -t COMPREPLY < <(_rf_cam_names "$1" "$2")
  compopt -o filenames 2>/dev/null
  if [ "$2" = folders ]; then compopt -o dirnames 2>/dev/null; else compopt -o default 2>/dev/null; fi
  return 0
}

# Offers those lines of standard input that begin with the typed word.
_rf_cam_offer_words() {
  local word
  while IFS= read -r word; do
    [[ $word =~ ^[a-z0-9:_-]+$ && $word == "$1"* ]] && COMPREPLY+=("$word")
  done
  return 0
}

# Returns 0 if an option takes a value: --help shows it after one space. _rf_cam_takes_value PROGRAM OPTION
_rf_cam_takes_value() {
  local line
  while IFS= read -r line; do
    [[ $line == "  $2 "[!\ ]* ]] && return 0
  done < <(_rf_cam_help "$1")
  return 1
}

_rf_cam() {
  local program=$1 current=$2 previous=$3
  # Bash splits words at '=': --option=value comes as three words.
  if [ "$current" = = ]; then current='' previous=${COMP_WORDS[COMP_CWORD - 1]}; fi
  if [ "$previous" = = ]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
  COMPREPLY=()
  case $previous in
    --model | --config | --results) _rf_cam_offer_names "$current" files && return 0 ;;
    --output | --crops) _rf_cam_offer_names "$current" folders && return 0 ;;
  esac
  if [[ $previous == --* ]] && _rf_cam_takes_value "$program" "$previous"; then
    _rf_cam_offer_words "$current" < <(_rf_cam_values "$program" "$previous")
  elif [[ $current == -* ]]; then
    _rf_cam_offer_words "$current" < <(_rf_cam_help "$program" | sed -nE 's/^  (--[a-z-]+)(, (-[a-z]))?.*/\1\n\3/p')
  else
    _rf_cam_offer_names "$current" files
    # The kernel names the devices, so compgen may list them.
    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <([ -n "$current" ] || compgen -G '/dev/video[0-9]*')
    _rf_cam_offer_words "$current" <<<pattern:
  fi
  return 0
}

complete -F _rf_cam rf-cam
