#!/usr/bin/env bash
# Makes a sysroot of another processor's Debian packages, without root: C library, compiler's runtime, libjpeg, all to link
# statically. Packages come from this machine's own sources and are kept in build/packages; nothing is installed.
# Usage: Toolchains/sysroot.sh ARCHITECTURE   (Debian's names: arm64, armhf)   ->   build/sysroots/ARCHITECTURE
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(libc6-dev libc6 libcrypt-dev linux-libc-dev libgcc-12-dev libgcc-s1 libjpeg62-turbo-dev libjpeg62-turbo)

readonly architecture=${1:?"sysroot: name an architecture: arm64 or armhf"}
readonly target=$PWD/build/sysroots/$architecture
readonly cache=$PWD/build/packages/$architecture
readonly root=$cache/apt
# The list of packages is the sysroot's name: another list makes it anew.
readonly stamp=$target/.packages
[ "$(cat "$stamp" 2>/dev/null)" = "${packages[*]}" ] && exit 0

# A package manager of its own, so that the machine's never hears of the architecture.
private_apt() {
  APT_CONFIG=$root/apt.conf "$@"
}

make_apt_root() {
  mkdir -p "$root"/{state/lists/partial,cache/archives/partial}
  : >"$root/state/status"
  cat >"$root/apt.conf" <<END
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "$root/state";
Dir::State::status "$root/state/status";
Dir::Cache "$root/cache";
END
}

fail() {
  echo "sysroot: $1" >&2
  exit 1
}

for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || fail "no $tool: this script takes Debian packages and needs Debian or a child of it"
done
echo "sysroot: fetching ${#packages[@]} packages for $architecture"
make_apt_root
# One list of several may be out of step with its mirror: what matters is whether the packages can be had.
private_apt apt-get update -qq || echo "sysroot: not all package lists could be read; going on with those that could" >&2
(cd "$cache" && rm -f ./*.deb && private_apt apt-get download -qq "${packages[@]}") ||
  fail "cannot fetch the packages for $architecture: is there a network, and do the machine's sources carry it?"

rm -rf "$target" "$target.part"
mkdir -p "$target.part"
for package in "$cache"/*.deb; do dpkg-deb --extract "$package" "$target.part"; done
rm -rf "$target.part/usr/share"
echo "${packages[*]}" >"$target.part/.packages"
mv "$target.part" "$target"
