#!/usr/bin/env bash
# Run by `make camera-test`: tests rf-cam as the boards get it, in a guest of each architecture, both at once.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
readonly here=Tests/Cameras work=build/cameras

mkdir -p "$work"
swift build -c release --jobs "$(nproc)" --scratch-path build/embedded \
  --swift-sdks-path Toolchains --swift-sdk rf-x86_64-embedded --product rf-cam >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
Toolchains/cross.sh rk3399 >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }

"$here/run.sh" arm64 build/rk3399/rf-cam >"$work/arm64.txt" 2>&1 &
readonly arm64=$!
"$here/run.sh" amd64 build/embedded/release/rf-cam >"$work/amd64.txt" 2>&1
result=$?
wait "$arm64" || result=1
grep -ahE '^(NOT OK|    |latency|ALL-CHECKS|cameras)' "$work"/{amd64,arm64}.txt
[ "$result" -eq 0 ] || echo "cameras: the complete output is in $work/amd64.txt and arm64.txt" >&2
exit "$result"
