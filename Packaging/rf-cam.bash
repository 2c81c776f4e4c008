# bash completion for rf-cam: options and their values, files, folders and cameras.
# File names are untrusted: they are never expanded a second time (no eval, no compgen -W), keep their spaces and newlines,
# and readline quotes them when it inserts them.

# Prints the program that lists the options, so that they are those of its version: the one that is typed as an
# absolute path, else the rf-cam on PATH. What a relative path names (./rf-cam, or a relative entry of PATH) is not run:
# completion must not execute a file of the current folder.
_rf_cam_program() {
  local program=$1
  [[ $program == /* && -f $program ]] || program=$(type -P rf-cam)
  [[ $program == /* ]] && printf '%s\n' "$program"
}

# Prints the program's table of options: NAME flag, NAME files, NAME folders or NAME words WORD...
_rf_cam_table() {
  local program
  program=$(_rf_cam_program "$1") && "$program" --print-completion 2>/dev/null </dev/null
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

_rf_cam() {
  local program=$1 current=$2 previous=$3 kind=flag name option values words=() names=()
  # Bash splits words at '=': --option=value comes as three words.
  if [ "$current" = = ]; then current='' previous=${COMP_WORDS[COMP_CWORD - 1]}; fi
  if [ "$previous" = = ]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
  COMPREPLY=()
  while read -r name option values; do
    names+=("$name")
    if [ "$name" = "$previous" ]; then
      kind=$option
      read -ra words <<<"$values"
    fi
  done < <(_rf_cam_table "$program")
  case $kind in
    files | folders) _rf_cam_offer_names "$current" "$kind" ;;
    words) _rf_cam_offer_words "$current" < <(printf '%s\n' "${words[@]}") ;;
    *)
      if [[ $current == -* ]]; then
        _rf_cam_offer_words "$current" < <(printf '%s\n' "${names[@]}")
        return 0
      fi
      _rf_cam_offer_names "$current" files
      # The kernel names the devices, so compgen may list them.
      mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <([ -n "$current" ] || compgen -G '/dev/video[0-9]*')
      _rf_cam_offer_words "$current" <<<pattern:
      ;;
  esac
  return 0
}

complete -F _rf_cam rf-cam
