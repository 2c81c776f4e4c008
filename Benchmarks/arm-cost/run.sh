#!/usr/bin/env bash
# Called by `make arm-cost`: builds the frame program and the QEMU plugins, then prints the cost model's tables.
# Usage: Benchmarks/arm-cost/run.sh [--size WxH] [--layers] [--cpu NAME]   RF_MODEL=file another int8 model
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly results=build/arm-cost

for tool in qemu-aarch64 llvm-mca-19 llvm-objdump-19; do
  command -v "$tool" >/dev/null && continue
  echo "arm-cost: no $tool: run Toolchains/setup.sh cost" >&2
  exit 1
done
mkdir -p "$results"
Toolchains/cross.sh rk3399 rf-check >"$results/build.log" 2>&1 || {
  cat "$results/build.log" >&2
  exit 1
}
for plugin in blocks cache; do
  clang -shared -fPIC -O2 -Wall -Wextra "Benchmarks/arm-cost/$plugin.c" -o "$results/$plugin.so"
done
python3 Benchmarks/arm-cost/cost.py --program build/rk3399/rf-check --map build/rk3399/rf-check.map --plugins "$results" \
  --results "$results" --model "${RF_MODEL:-Models/default.rfm}" "$@"
