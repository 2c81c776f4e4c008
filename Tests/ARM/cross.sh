#!/usr/bin/env bash
# Cross-builds rf-cam for 64- and 32-bit ARM and demands, under QEMU's emulation, what the host's finds, line by line.
# Pictures go in small: kernels without NEON take their time. Usage: Tests/ARM/cross.sh   (after `make build`)
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly host=build/rf-cam pictures=Tests/Fixtures/pictures most_bytes=2200000
failed=0

compare() {
  local name=$1
  shift
  if diff <(echo "$want") <("$@" --size 320 "$pictures"); then
    echo "$name: the host's $(wc -l <<<"$want") faces"
  else
    echo "$name: not the host's faces" >&2
    failed=1
  fi
}

for board in rk3399 armv7; do Toolchains/cross.sh "$board"; done
if [ "$(stat -c %s build/rk3399/rf-cam)" -ge "$most_bytes" ]; then
  echo "build/rk3399/rf-cam: more than $most_bytes bytes" >&2
  failed=1
fi
Tests/Packaging/hardening.py build/rk3399/rf-cam || failed=1
Tests/Packaging/hardening.py --fixed-addresses build/armv7/rf-cam || failed=1
want=$("$host" --size 320 "$pictures")
[ "$(wc -l <<<"$want")" -ge 20 ] || { echo "the host finds too few faces to compare" >&2; exit 1; }
for cpu in cortex-a53 cortex-a72 max; do compare "rk3399 as $cpu" qemu-aarch64 -cpu "$cpu" build/rk3399/rf-cam; done
compare "armv7" qemu-arm build/armv7/rf-cam
# x86 without AVX2 (SSE4.1), and without kernels in C.
compare "x86-64 as Nehalem" qemu-x86_64 -cpu Nehalem "$host"
for older in "qemu-arm build/armv7/rf-cam" "qemu-x86_64 -cpu core2duo $host"; do
  read -ra words <<<"$older"
  "${words[@]}" --frames 1 pattern:32x32 2>&1 | grep -q "portable kernels only" || { echo "$older: no warning" >&2; failed=1; }
done
for fast in Nehalem max; do
  ! qemu-x86_64 -cpu $fast "$host" --frames 1 pattern:32x32 2>&1 | grep -q "portable kernels only" || { echo "$fast: a warning" >&2; failed=1; }
done

# All kinds of input, and numbers that take more than 32 bits.
python3 Tests/ARM/programs.py "$host" armv7="qemu-arm build/armv7/rf-cam" aarch64="qemu-aarch64 build/rk3399/rf-cam" || failed=1
for board in rk3399 armv7; do Toolchains/cross.sh "$board" rf-check; done
swift build -c release --jobs "$(nproc)" --static-swift-stdlib --product rf-check
readonly numbers=(numbers Models/default.rfm 7000x5000)
compare_numbers() {
  if diff <(.build/release/rf-check "${numbers[@]}") <("$@" "${numbers[@]}"); then
    echo "$2: the host's numbers"
  else
    echo "$2: not the host's numbers" >&2
    failed=1
  fi
}
compare_numbers qemu-arm build/armv7/rf-check
compare_numbers qemu-aarch64 build/rk3399/rf-check
exit $failed
