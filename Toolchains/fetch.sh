#!/usr/bin/env bash
# Fetches and unpacks Debian packages of any architecture, without root and without installing them: from this machine's
# sources, with separate package lists, so that the machine's own do not change. Does nothing if the same list is already
# unpacked; delete the folder to get newer versions.
# Usage: Toolchains/fetch.sh ARCHITECTURE TARGET PACKAGE...
#   A name with a ! after it is a package that only depends on another one, which is fetched instead (linux-image-arm64!).
# TARGET/versions.txt lists what was fetched: package, version, SHA-256.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=Toolchains/apt.sh
. Toolchains/apt.sh
readonly as_root=()

fail() {
  echo "fetch: $1" >&2
  exit 1
}

[ $# -ge 3 ] || fail "name an architecture, a folder and packages"
readonly architecture=$1 target=$PWD/$2
shift 2
readonly packages=("$@")
readonly cache=$PWD/build/packages/$architecture

is_unpacked() { [ "$(cat "$target/packages.txt" 2>/dev/null)" = "${packages[*]}" ]; }
private_apt() { APT_CONFIG=$cache/apt.conf "$@"; }
private_apt_get() { APT_CONFIG=$cache/apt.conf apt_get fetch "$@"; }

make_apt_root() {
  mkdir -p "$cache"/apt/{state/lists/partial,cache/archives/partial}
  : >"$cache/apt/state/status"
  cat >"$cache/apt.conf" <<END
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "$cache/apt/state";
Dir::State::status "$cache/apt/state/status";
Dir::Cache "$cache/apt/cache";
END
}

# Prints the name of the package, or for a name with ! its first dependency.
resolve() {
  case $1 in
    *!) private_apt apt-cache show --no-all-versions "${1%!}" | sed -n 's/^Depends: \([^ ,]*\).*/\1/p' ;;
    *) echo "$1" ;;
  esac
}

# Fetches a package's file into its folder of the cache, unless it was fetched for another target already.
fetch_package() {
  local name=$1 folder=$2 file
  mkdir -p "$folder"
  file=$(private_apt apt-cache show --no-all-versions "$name" | sed -n 's/^Filename: .*\///p')
  if [ -n "$file" ] && [ -e "$folder/$file" ]; then return 0; fi
  (cd "$folder" && rm -f ./*.deb && private_apt_get download -qq "$name")
}

is_unpacked && exit 0
for tool in apt-get dpkg-deb flock; do
  command -v "$tool" >/dev/null || fail "no $tool: this script takes Debian packages and needs Debian or a child of it"
done
# Two runs for one architecture share the cache: the second one waits, then finds the files of the first one.
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
is_unpacked && exit 0
echo "fetch: ${packages[*]} ($architecture)"
make_apt_root
# One of several lists may be inconsistent with its mirror: only the success of the downloads counts.
private_apt_get update -qq || echo "fetch: not all package lists could be read; going on with those that could" >&2
part=$target.part
rm -rf "$part" && mkdir -p "$part"
for package in "${packages[@]}"; do
  name=$(resolve "$package")
  [ -n "$name" ] || fail "$package: no such package for $architecture in this machine's sources"
  folder=$cache/$name
  fetch_package "$name" "$folder" ||
    fail "cannot fetch $name for $architecture: is there a network, and do the machine's sources carry it?"
  package_file=$(echo "$folder"/*.deb)
  dpkg-deb --extract "$package_file" "$part"
  # shellcheck disable=SC2016 # dpkg-deb replaces these, not the shell
  echo "$(dpkg-deb --show --showformat='${Package} ${Version} ' "$package_file")$(sha256sum <"$package_file" | cut -d' ' -f1)"
done >"$part.txt"
mv "$part.txt" "$part/versions.txt"
echo "${packages[*]}" >"$part/packages.txt"
rm -rf "$target" && mv "$part" "$target"
