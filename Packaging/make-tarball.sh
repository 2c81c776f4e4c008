#!/usr/bin/env bash
# Builds an archive of rf-cam for any Linux: a static program, manual page, completions, licences, list of changes.
# Usage: Packaging/make-tarball.sh [x86_64 | aarch64 | armv7 ...]   -> build/rf-cam-VERSION-linux-PROCESSOR.tar.xz
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=Packaging/deb.sh
. Packaging/deb.sh

# Prints board and architecture.
board_of() {
  case $1 in
    x86_64) echo x86-64 amd64 ;;
    aarch64) echo aarch64 arm64 ;;
    armv7) echo armv7 armhf ;;
    *)
      echo "make-tarball: unknown processor '$1': name x86_64, aarch64 or armv7" >&2
      return 2
      ;;
  esac
}

install_files() {
  local root=$1 board=$2
  install -D -m 755 "build/$board/rf-cam" "$root/bin/rf-cam"
  install -D -m 644 Packaging/rf-cam.bash "$root/share/bash-completion/completions/rf-cam"
  install -D -m 644 Packaging/rf-cam.zsh "$root/share/zsh/site-functions/_rf-cam"
  install -D -m 644 Packaging/rf-cam.fish "$root/share/fish/vendor_completions.d/rf-cam.fish"
  install -d "$root/share/man/man1"
  manual_page >"$root/share/man/man1/rf-cam.1"
  install -m 644 LICENSE NOTICE CHANGELOG.md "$root/"
  install -m 644 Models/LICENSE "$root/LICENSE.model"
  install -m 644 Packaging/copyright "$root/LICENSE.parts"
  install_licences "$root/licences" "$board" "$3"
}

for processor in "${@:-x86_64}"; do
  words=$(board_of "$processor")
  read -r board architecture <<<"$words"
  Toolchains/cross.sh "$board" >&2
  name=rf-cam-$version-linux-$processor
  rm -rf "build/tarball/$name"
  install_files "build/tarball/$name" "$board" "$architecture"
  # --threads=1: the number of threads would change the bytes.
  tar --create --directory build/tarball --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
    --format=gnu "$name" | xz -9 --threads=1 >"build/$name.tar.xz.part"
  mv "build/$name.tar.xz.part" "build/$name.tar.xz"
  echo "build/$name.tar.xz: $(stat -c %s "build/$name.tar.xz") bytes"
done
