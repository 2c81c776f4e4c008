#!/usr/bin/env bash
# Cross-builds the C library for 64-bit ARM and uses it under QEMU: the example finds the host's faces, statically and dynamically
# linked; a hostile caller gets errors, and so does a creation without memory. Usage: Tests/Library/arm.sh   (after `make build`)
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly lib=build/aarch64/lib sysroot=build/sysroots/arm64 work=build/aarch64/library-tests
Toolchains/lib.sh aarch64
mkdir -p "$work"

# compile SOURCE PROGRAM OPTION...
compile() {
  local source=$1 program=$2
  shift 2
  clang --target=aarch64-linux-gnu --sysroot="$sysroot" -fuse-ld=lld -O1 -ISources/CRetinaFace/include "$source" -o "$work/$program" "$@"
}

readonly picture=$work/picture.ppm emulate=(qemu-aarch64 -L "$sysroot" -E "LD_LIBRARY_PATH=$lib")
djpeg -outfile "$picture" Tests/Fixtures/pictures/group.jpg 2>/dev/null ||
  .venv/bin/python -c "from PIL import Image; Image.open('Tests/Fixtures/pictures/group.jpg').convert('RGB').save('$picture')"
want=$(build/rf-cam --size 640x480 "$picture")
[ "$(wc -l <<<"$want")" -ge 5 ] || { echo "the host finds too few faces to compare" >&2; exit 1; }

compile Examples/c/detect.c detect -L"$lib" -lretinaface
diff <(echo "$want") <("${emulate[@]}" "$work/detect" "$picture")
echo "aarch64, shared library: the host's faces"
compile Examples/c/detect.c detect-static -static "$lib/libretinaface.a"
diff <(echo "$want") <(qemu-aarch64 "$work/detect-static" "$picture")
echo "aarch64, static library: the host's faces"
compile Tests/Library/hostile.c hostile -static "$lib/libretinaface.a" -lm
qemu-aarch64 "$work/hostile" Models/default.rfm 11
compile Tests/Library/memory.c memory "$lib/libretinaface.a"
"${emulate[@]}" "$work/memory" 50 20
versions=$(readelf -V "$lib/libretinaface.so.0" | grep -o 'GLIBC_[0-9.]*' | sort -u)
[ "$versions" = GLIBC_2.17 ] || { echo "aarch64: needs $versions instead of GLIBC_2.17" >&2; exit 1; }
