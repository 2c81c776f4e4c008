#!/usr/bin/env bash
# Checks that every tracked Swift and C file has the format of .swift-format and .clang-format.
# Usage: Tests/Scripts/formatters.sh [--fix]   --fix rewrites the files (make format)
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly clang_format=.venv/bin/clang-format

# Prints the tracked files with an extension, separated by zeros. Links are left out: their targets are listed themselves.
tracked() {
  local file
  while IFS= read -r -d '' file; do
    if [ -f "$file" ] && [ ! -L "$file" ]; then printf '%s\0' "$file"; fi
  done < <(git ls-files -z -- "$@")
}

mapfile -d '' swift < <(tracked '*.swift')
mapfile -d '' c < <(tracked '*.c' '*.h')
if [ ${#swift[@]} -eq 0 ] || [ ${#c[@]} -eq 0 ]; then
  echo "formatters: found no tracked Swift or C files; run it in a git checkout" >&2
  exit 1
fi
[ -x "$clang_format" ] || { echo "formatters: $clang_format is missing; run make train-setup" >&2; exit 1; }

if [ "${1:-}" = --fix ]; then
  swift format format --in-place --parallel "${swift[@]}"
  "$clang_format" -i "${c[@]}"
  .venv/bin/python -m ruff format --quiet --no-cache .
  exit
fi
passed=1
swift format lint --strict --parallel "${swift[@]}" || passed=0
"$clang_format" --dry-run -Werror "${c[@]}" || passed=0
[ $passed = 1 ] || { echo "formatters: run make format" >&2; exit 1; }
echo "formatters: ${#swift[@]} Swift and ${#c[@]} C files are clean"
