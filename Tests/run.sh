#!/usr/bin/env bash
# Runs every test of the project, stage by stage; continues after a failure and ends with a line that counts both.
# Usage: Tests/run.sh [STAGE ...]   RF_FUZZ_SECONDS=60 is what each fuzzer gets.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
readonly python=.venv/bin/python
# Research data outside the project (CONTRIBUTING.md): tests that need it are left out without it.
readonly data=${RF_DATA:-}
readonly fuzz_seconds=${RF_FUZZ_SECONDS:-60}
jobs=$(nproc)
readonly jobs

# Exports and packs a published model: float32 for the comparison with PyTorch, int8 for the hashes of its layers.
pack_published() {
  local name=$1 options=(WEIGHTS="$data/weights/$1.pth" ANCHORS="$2" ACTIVATION="$3")
  make --silent model "${options[@]}" OUT="build/models/$name.rfm" >"build/models/$name.txt" &&
    make --silent model "${options[@]}" OUT="build/models/$name-int8.rfm" PRECISION=int8 CALIBRATE=Tests/Fixtures/pictures \
      >"build/models/$name-int8.txt"
}

# The scripts themselves: installation, hostile names. The format of Swift, C and Python.
stage_scripts() {
  Tests/Scripts/shellcheck.sh && Tests/Scripts/formatters.sh && "$python" -m pytest -q -rs -p no:cacheprovider Tests/Scripts
}

stage_programs() { make --silent build; }

stage_models() {
  mkdir -p build/models
  if [ ! -d "$data/weights" ]; then
    echo "left out: comparisons with the published models (set RF_DATA to a folder with weights/; see CONTRIBUTING.md)"
    return 0
  fi
  pack_published leaky_anchors16 16,32/64,128/256,512 leaky:0.1 && pack_published relu_anchors10 10,20/32,64/128,256 relu
}

# The four core modules, and rf-cam whole, as Embedded Swift: what a board gets.
stage_embedded() {
  swift build -c release --jobs "$jobs" --scratch-path build/embedded \
    --swift-sdks-path Toolchains --swift-sdk rf-x86_64-embedded --disable-local-rpath --product rf-cam &&
    build/embedded/release/rf-cam --version
}

# rf-cam and the C library for the boards, each under QEMU: the host's faces.
stage_cross() { Toolchains/setup.sh emulation && Tests/ARM/cross.sh && Tests/Library/arm.sh; }

# The Python distribution: built, installed into an empty environment with NumPy, and tested there.
stage_wheel() { make --silent wheel && Tests/Python/run.sh; }

# The recipes for Ray and Spark in local mode; after the stage wheel.
stage_clusters() { Tests/Clusters/run.sh; }

# The kernel table and the layers' hashes on ARM, under QEMU.
stage_arm() { Toolchains/setup.sh emulation && Tests/ARM/run.sh; }

stage_swift() { swift test -c release --jobs "$jobs" --scratch-path build/test -Xswiftc -enable-testing; }

# The program and the C library with sanitizers: every instruction set, the program's tests, the live page under load.
stage_sanitize() { Tests/sanitize.sh && Tests/Library/sanitize.sh; }

# The live page under clients that are many, slow or malicious; in a real browser where there is one.
stage_preview() {
  "$python" -m pytest -q -p no:cacheprovider Tests/Preview || return 1
  if command -v chromium >/dev/null; then
    "$python" Tests/Preview/look.py
  else
    echo "left out: the page in a browser (no chromium; make preview-look installs it)"
  fi
}

# The service, the manual page, the completion and the package.
stage_packaging() {
  Toolchains/setup.sh emulation packaging && make --silent deb ARCHITECTURES="amd64 arm64" &&
    "$python" -m pytest -q -rs -p no:cacheprovider Tests/Packaging
}

# The C library: examples against an installed copy, its interface, hostile callers.
stage_library() {
  Toolchains/setup.sh library && make --silent lib && "$python" -m pytest -q -rs -p no:cacheprovider Tests/Library
}

stage_python() {
  (cd Training && "../$python" -m pytest -q -p no:cacheprovider tests) &&
    "$python" -m pytest -q -rs -p no:cacheprovider Benchmarks/tests
}

# The boards' images, booted in QEMU.
stage_firmware() {
  local board
  Boards/setup.sh emulation || return 1
  for board in qemu-virt rk3399 x86-64; do make --silent firmware BOARD=$board || return 1; done
  "$python" -m pytest -q -p no:cacheprovider -rP --durations=5 Tests/Boards
}

# Cameras: the kernel's own devices, in QEMU.
stage_camera() { make --silent camera-test; }

stage_fuzz() { Tests/Fuzz/run.sh "$fuzz_seconds"; }

# Stages of the two lanes run side by side: each mostly keeps one core busy, and both take about as long.
readonly first=(programs models) lane_1=(scripts swift sanitize preview packaging library python fuzz) lane_2=(embedded wheel clusters cross arm firmware camera)
readonly results=build/test-results

# Runs stages one after the other and notes which passed.
run_stages() {
  local stage started
  for stage in "$@"; do
    started=$SECONDS
    echo "== $stage"
    "stage_$stage" && touch "$results/$stage.passed"
    echo "== $stage took $((SECONDS - started)) s"
  done
}

# Does the same beside another lane: prints the output of a stage when it ends, in one piece.
run_lane() {
  local stage
  for stage in "$@"; do
    run_stages "$stage" >"$results/$stage.txt" 2>&1 </dev/null
    flock "$results/output" cat "$results/$stage.txt"
  done
}

rm -rf "$results"
mkdir -p "$results"
if [ $# -gt 0 ]; then
  all=("$@")
  run_stages "${all[@]}"
else
  all=("${first[@]}" "${lane_1[@]}" "${lane_2[@]}")
  run_stages "${first[@]}"
  run_lane "${lane_1[@]}" &
  run_lane "${lane_2[@]}"
  wait
fi

failed=()
for stage in "${all[@]}"; do
  [ -e "$results/$stage.passed" ] || failed+=("$stage")
done
[ ${#failed[@]} -eq 0 ] || echo "failed: ${failed[*]}"
echo "$((${#all[@]} - ${#failed[@]})) passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
