#!/usr/bin/env bash
# Installs the named Debian packages that this machine lacks; does nothing if it has all of them.
# Usage: Toolchains/install.sh CALLER PACKAGE...   CALLER is the name in messages
set -euo pipefail
# shellcheck source=Toolchains/apt.sh
. "$(dirname "$0")/apt.sh"
caller=${1:?"install: name the caller and packages"}
shift

missing=()
for package in "$@"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

readonly command="apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null; then
  echo "$caller: no apt-get on this machine: install what these Debian packages hold by hand: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "$caller: packages are missing, and neither root nor sudo is there to install them: run this as root: $command" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "$caller: installing ${missing[*]}"
# If the lists cannot be updated, older ones may exist: the installation shows if they suffice.
apt_get "$caller" update -qq || true
if ! apt_get "$caller" install --yes -qq --no-install-recommends "${missing[@]}"; then
  echo "$caller: these packages are not installed: ${missing[*]}; the error is above; the command by hand, as root: $command" >&2
  exit 1
fi
