#!/usr/bin/env bash
# Prints the manual page: rf-cam.1.in with the sources and options of --help, so that the two never differ.
# Usage: Packaging/manual.sh [PROGRAM]   (build/rf-cam)   -> standard output
set -euo pipefail
cd "$(dirname "$0")/.."

readonly program=${1:-build/rf-cam} template=Packaging/rf-cam.1.in
help=$("$program" --help)
version=$("$program" --version | sed -n '1s/^rf-cam //p')
date=$(date --utc --date="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" +%Y-%m-%d)

# Escapes hyphens so that they can be copied; no line may begin like a roff request.
escape() { sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\&&/"; }

# "  NAME   description" -> a tagged paragraph
sources() {
  sed -n '/A SOURCE is$/,/^$/p' <<<"$help" | sed -n 's/^  \( *\)\([^ ].*\)/\2/p' | sed -E 's/  +/\t/' | escape |
    awk -F '\t' '{ print ".TP"; print ".B " $1; print $2 }'
}

# "  --name, -n VALUE" and lines of help below it -> a tagged paragraph
options() {
  awk '/^options:$/ { inside = 1; next } inside && /^  --/ { seen = 1 } inside && seen && /^$/ { exit } inside && NF { print }' \
    <<<"$help" | escape | awk '
      /^  \\-/ {
        sub(/^  /, "")
        name = $1; sub(/,$/, "", name)
        line = "\\fB" name "\\fR"
        rest = substr($0, length($1) + 2)
        if (match(rest, /^\\-[a-z]/)) { line = line ", \\fB" substr(rest, 1, RLENGTH) "\\fR"; rest = substr(rest, RLENGTH + 2) }
        if (rest != "") line = line " \\fI" rest "\\fR"
        print ".TP"; print line; next
      }
      { sub(/^ +/, ""); print }'
}

while IFS= read -r line; do
  case $line in
    @SOURCES@) sources ;;
    @OPTIONS@) options ;;
    *) line=${line//@VERSION@/$version} && printf '%s\n' "${line//@DATE@/$date}" ;;
  esac
done <"$template"
