#!/usr/bin/env bash
# Makes the guest's file system: busybox, the modules, the tools, the picture, the checks and rf-cam with its libraries.
# Usage: initrd.sh amd64 or arm64, PROGRAM. Leaves build/cameras/ARCH/initrd.gz.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly arch=$1 program=$2 here=Tests/Cameras
readonly work=build/cameras root=build/cameras/$1/root
case $arch in
  amd64) compiler=(clang) ;;
  arm64)
    Toolchains/sysroot.sh arm64
    compiler=(clang --target=aarch64-linux-gnu --sysroot="$PWD/build/sysroots/arm64" -fuse-ld=lld)
    ;;
esac

.venv/bin/python "$here/picture.py" Tests/Fixtures/pictures/group.jpg "$work/$arch/data"
rm -rf "$root"
mkdir -p "$root"/{bin,proc,sys,dev,tmp,data,guest,modules}
cp "$work/$arch/busybox" "$root/bin/"
cp "$work/$arch"/modules/* "$root/modules/"
cp "$work/$arch"/data/* "$root/data/"
cp "$here"/guest/*.sh "$root/guest/"
cp "$here/guest/init" "$root/init"
"${compiler[@]}" -std=gnu2x -O2 -Wall -Wextra -static -o "$root/bin/uvcsim" "$here"/uvcsim/*.c
"${compiler[@]}" -std=gnu2x -O2 -Wall -Wextra -static -o "$root/bin/cameractl" "$here/cameractl.c"
cp "$program" "$root/bin/rf-cam"

# A dynamic program brings its libraries, and those that it loads by itself.
if ldd "$program" >/dev/null 2>&1; then
  mapfile -t loaded < <(ldconfig -p | grep -F x86-64 | sed -n 's/^\t\(libv4l2\.so\.0\|libmicrohttpd\.so\.12\) .*=> //p')
  { ldd "$program" "${loaded[@]}"; for library in "${loaded[@]}"; do echo "x => $library"; done; } | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\t\(\/[^ ]*\).*/\1/p' |
    sort -u | while read -r library; do
      mkdir -p "$root$(dirname "$library")"
      cp -L "$library" "$root$library"
    done
fi
(cd "$root" && find . | cpio --create --format newc --owner 0:0 --quiet | gzip -1) >"$work/$arch/initrd.gz"
