#!/usr/bin/env bash
# Builds all fuzzers and runs each for some seconds. A finding's input is left in build/fuzz; run the fuzzer on that file to
# see it again. Usage: Tests/Fuzz/run.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly seconds=${1:-60} built=build/fuzz/package work=build/fuzz

nice swift build --package-path Tests/Fuzz --scratch-path "$built" --jobs "$(nproc)"
"$built"/debug/FuzzSeeds "$work"
mkdir -p "$work/PictureFuzzer"
cp Tests/Fixtures/kinds/{gray,cmyk,rgb,420,422,progressive,restarts,3x5}.jpg "$work/PictureFuzzer"
printf 'P5 2 2 255\nabcd' >"$work/PictureFuzzer/gray.pgm"
printf 'P3 1 2 65535 1 2 3 4 5 6' >"$work/PictureFuzzer/plain.ppm"
for fuzzer in "$built"/debug/*Fuzzer; do
  name=$(basename "$fuzzer")
  mkdir -p "$work/$name"
  if ! "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/$name-" -use_value_profile=1 \
    "$work/$name" >"$work/$name.txt" 2>&1; then
    tail -40 "$work/$name.txt"
    echo "$name: failed; its input is $work/$name-*"
    exit 1
  fi
  echo "$name: $(grep -o 'Done.*' "$work/$name.txt"), $(grep -o 'cov: [0-9]*' "$work/$name.txt" | tail -1)"
done
