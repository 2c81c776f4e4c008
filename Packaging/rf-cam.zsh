#compdef rf-cam
# zsh completion for rf-cam: the options and values of the rf-cam on PATH. zsh completes and quotes the names of files.
local program=${commands[rf-cam]} name kind values
local -a specs
# A relative entry of PATH may name a file of the current folder: completion must not run it.
[[ $program == /* ]] || return 1
while read -r name kind values; do
  case $kind in
    files) specs+=("$name=:file:_files") ;;
    folders) specs+=("$name=:folder:_files -/") ;;
    words) specs+=("$name=:value:(${values//:/\\:})") ;;
    *) specs+=("$name") ;;
  esac
done < <("$program" --print-completion 2>/dev/null </dev/null)
_arguments $specs '*:source:_files'
