#!/usr/bin/env bash
# Builds the Debian package rf-cam: program, systemd unit, manual page, completion for bash, zsh and fish.
# Usage: Packaging/make-deb.sh [amd64 | arm64 | armhf ...]   -> build/rf-cam_VERSION_ARCHITECTURE.deb
# The program needs the C library alone, so that Debian and Ubuntu take the same file. It loads libmicrohttpd (live page),
# libv4l (formats of rare cameras) and libwebp (WebP pictures) if they are installed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=Packaging/deb.sh
. Packaging/deb.sh

install_files() {
  local root=$1 program=$2
  install -D -m 755 "$program" "$root/usr/bin/rf-cam"
  install -D -m 644 -t "$root/lib/systemd/system" Packaging/rf-cam.service Packaging/rf-cam@.service
  install -d "$root/etc/rf-cam"
  install -D -m 644 Packaging/rf-cam.default "$root/etc/default/rf-cam"
  install -D -m 644 Packaging/rf-cam.bash "$root/usr/share/bash-completion/completions/rf-cam"
  install -D -m 644 Packaging/rf-cam.zsh "$root/usr/share/zsh/vendor-completions/_rf-cam"
  install -D -m 644 Packaging/rf-cam.fish "$root/usr/share/fish/vendor_completions.d/rf-cam.fish"
  install -d "$root/usr/share/man/man1"
  manual_page | gzip -9n >"$root/usr/share/man/man1/rf-cam.1.gz"
  install_documents "$root" rf-cam
  install_licences "$root/usr/share/doc/rf-cam/licences" "debian-$3" "$3"
}

write_control() {
  local root=$1 architecture=$2 depends=$3
  mkdir -p "$root/DEBIAN"
  {
    control_head "$root" rf-cam "$architecture" video
    printf 'Depends: %s\nRecommends: libmicrohttpd12, libv4l-0, libwebp7\n' "$depends"
    cat Packaging/description
  } >"$root/DEBIAN/control"
  echo /etc/default/rf-cam >"$root/DEBIAN/conffiles"
  install -m 755 Packaging/postinst Packaging/prerm Packaging/postrm "$root/DEBIAN/"
}

for architecture in "${@:-amd64}"; do
  lib_board_of "$architecture" >/dev/null
  Toolchains/cross.sh "debian-$architecture" >&2
  root=build/deb/$architecture
  rm -rf "$root"
  install_files "$root" "build/debian-$architecture/rf-cam" "$architecture"
  depends=$(depends_of "$root/usr/bin/rf-cam")
  write_control "$root" "$architecture" "$depends"
  build_package "$root" "build/rf-cam_${version}_$architecture.deb"
done
