#!/usr/bin/env bash
# What `make camera-test` runs: rf-cam as the boards get it, in a guest of each architecture, both at once.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
readonly here=Boards/camera-testbed work=build/camera-testbed

mkdir -p "$work"
swift build -c release --jobs "$(nproc)" --scratch-path build/embedded \
  --swift-sdks-path Toolchains --swift-sdk rf-x86_64-embedded --product rf-cam >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
Toolchains/cross.sh rk3399 >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }

# Runs the checks of an architecture. In rare runs a guest's camera stalls for seconds and a check fails: then all are repeated
# once, and the first output is kept and reported.
check_guest() {
  "$here/run.sh" "$1" "$2" >"$work/$1.txt" 2>&1 && return
  mv "$work/$1.txt" "$work/$1-first.txt"
  grep -aE '^NOT OK' "$work/$1-first.txt"
  echo "camera-testbed: $1: repeated, because a check failed ($work/$1-first.txt)"
  "$here/run.sh" "$1" "$2" >"$work/$1.txt" 2>&1
}

check_guest arm64 build/rk3399/rf-cam &
readonly arm64=$!
check_guest amd64 build/embedded/release/rf-cam
result=$?
wait "$arm64" || result=1
grep -ahE '^(NOT OK|    |latency|ALL-CHECKS|camera-testbed)' "$work"/{amd64,arm64}.txt
[ "$result" -eq 0 ] || echo "camera-testbed: all that was said is in $work/amd64.txt and arm64.txt" >&2
exit "$result"
