#!/usr/bin/env bash
# Runs shellcheck on every shell script of the project: by extension, by shebang, and the maintainer scripts of the package.
# Usage: Tests/Scripts/shellcheck.sh   --list names the scripts only
set -euo pipefail
cd "$(dirname "$0")/../.."

is_script() {
  case $1 in
    *.sh | *.bash) return 0 ;;
    *) head -c 128 -- "$1" | head -n 1 | tr -d '\0' | grep -qE '^#!.*[/ ](ba|da|a)?sh( |$)' ;;
  esac
}

# Outside a git checkout (a source archive) every file counts but those that builds make.
all_files() {
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard
  else
    find . \( -name build -o -name '.build' -o -name '.venv*' \) -prune -o -type f -print0
  fi
}

scripts=()
while IFS= read -r -d '' file; do
  if [ -f "$file" ] && [ ! -L "$file" ] && is_script "$file"; then scripts+=("$file"); fi
done < <(all_files)
[ ${#scripts[@]} -gt 0 ] || { echo "shellcheck: found no scripts" >&2; exit 1; }
if [ "${1:-}" = --list ]; then
  printf '%s\n' "${scripts[@]}"
  exit 0
fi

if ! command -v shellcheck >/dev/null && ! Toolchains/setup.sh shell; then
  echo "left out: shellcheck (it is not installed; the reason is above)"
  exit 0
fi
shellcheck --external-sources "${scripts[@]}"
echo "shellcheck: ${#scripts[@]} scripts are clean"
