#!/usr/bin/env bash
# The kernel table and an int8 network's layers on ARM, under QEMU's emulation of three processors. Demanded: every row that a
# processor can run is right on it, together they have run every ARM row of kernels.inc, and every layer's hash is the host's.
# As "max" every row is checked at every shape; as each of the other two, whose instructions are some of its, all but the portable
# rows at half of the shapes. Usage: Tests/ARM/run.sh   Nothing here was run on silicon: what an instruction does is QEMU's word.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly model=${RF_MODEL:-Models/default.rfm} results=build/arm-test
readonly cpus=(max cortex-a53 cortex-a72)
# Odd sizes have odd rests at every level; the smallest has one pixel on all of them.
readonly sizes=(640x480 97x83 330x250 31x200 1x1)

Toolchains/cross.sh rk3399 rf-check
swift build -c release --jobs "$(nproc)" --static-swift-stdlib --product rf-check
rm -rf "$results"
mkdir -p "$results"

failed=()
fail() {
  echo "arm-test: $1" >&2
  failed+=("$1")
}

check_cpu() {
  local program=(qemu-aarch64 -cpu "$1" build/rk3399/rf-check) part=()
  case $1 in cortex-a53) part=(native 1/2) ;; cortex-a72) part=(native 2/2) ;; esac
  "${program[@]}" kernels "${part[@]}" >"$results/$1.kernels" 2>&1 || echo "exit status $?" >>"$results/$1.kernels"
  "${program[@]}" layers "$model" "${sizes[@]}" >"$results/$1.layers" 2>&1 || echo "exit status $?" >>"$results/$1.layers"
}

# One per processor at a time.
printf '%s\n' "${cpus[@]}" | (export -f check_cpu; export results model; xargs -P "$(nproc)" -I CPU bash -c "
  sizes=(${sizes[*]}); check_cpu CPU") || fail "cannot run the checks"

.build/release/rf-check layers "$model" "${sizes[@]}" >"$results/host.layers" || fail "the host has no hashes"
layers=$(wc -l <"$results/host.layers")
[ "$layers" -ge 100 ] || fail "too few layers to compare: $layers"
for cpu in "${cpus[@]}"; do
  sed "s/^/$cpu: /" "$results/$cpu.kernels"
  ! grep -q -v -E ' right$| left out: ' "$results/$cpu.kernels" || fail "$cpu: a row is wrong"
  if cmp --quiet "$results/host.layers" "$results/$cpu.layers"; then
    echo "$cpu: layers equal to the host's: $layers of $layers at ${sizes[*]}"
  else
    fail "$cpu: a layer differs from the host's, first:"
    diff "$results/host.layers" "$results/$cpu.layers" | sed -n '2p;/^>/{p;q}' >&2
  fi
done

# Compares the kernels that ran with the table.
cat "$results"/*.kernels | sed -n 's/ right$//p' | sort -u >"$results/ran"
rows=$(sed -n -E 's/^RF_KERNEL\((\w+__neon\w*)\).*/rf_\1/p' Kernels/Native/include/kernels.inc)
for row in $rows; do grep -q -x "$row" "$results/ran" || fail "$row: no processor has run it"; done
[ -n "$rows" ] || fail "the table has no ARM rows"

if [ ${#failed[@]} -gt 0 ]; then
  echo "arm-test: ${#failed[@]} failed"
  exit 1
fi
echo "arm-test: $(wc -w <<<"$rows") ARM rows and $layers layers right on ${cpus[*]}"
