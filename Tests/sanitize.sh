#!/usr/bin/env bash
# Runs rf-cam with ThreadSanitizer (Swift and C) and UndefinedBehaviorSanitizer (C), both in one build: on pictures, streams, raw
# frames, drawing and crops with the kernels of every instruction set and both precisions; in the tests of the program; and in the
# load test of the live page. Also runs the checks of the kernels. Any report of a sanitizer fails.
# Usage: Tests/sanitize.sh   (after `make build`; reports are left in build/sanitize/reports)
set -uo pipefail
cd "$(dirname "$0")/.." || exit
readonly scratch=build/sanitize reports=$PWD/build/sanitize/reports work=build/sanitize/work
readonly program=$PWD/$scratch/release/rf-cam
readonly pictures=Tests/Fixtures/pictures kinds=Tests/Fixtures/kinds
failed=0

fail() {
  echo "sanitize: $1" >&2
  failed=1
}

# Undefined behaviour of C ends the program. The C library's own checks would hide accesses from the sanitizers (-U_FORTIFY_SOURCE).
build() {
  local product
  for product in rf-cam rf-check; do
    swift build -c release --jobs "$(nproc)" --sanitize=thread --scratch-path "$scratch" --product "$product" \
      -Xcc -g -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=all -Xcc -U_FORTIFY_SOURCE || return 1
  done
  local symbols
  symbols=$(nm "$program")
  [[ $symbols == *__tsan_write* && $symbols == *__ubsan_handle_shift_out_of_bounds* ]]
}

# One run; whatever it finds is fine, and its exit status must be 0. run NAME ARGUMENT...
run() {
  local name=$1
  shift
  "$program" "$@" >"$work/output" 2>"$work/errors" || {
    fail "$name: exit status $? of rf-cam $*"
    tail -20 "$work/errors" >&2
  }
}

# Everything whose code depends on the kernels. Odd sizes have rests everywhere.
sweep() {
  local name="$1, $2" options=(--isa "$1" --model "$2" --size "$3" --threads 2) format
  run "$name: pictures, drawing, crops" "${options[@]}" --output "$work/annotated" --crops "$work/crops" "$pictures" "$kinds"
  for format in yuyv uyvy nv12 nv21 nv16 i420 rgb bgr rgbx bgrx gray; do
    run "$name: $format" "${options[@]}" --raw "$format:97x83" --frames 2 --format json - <"$pictures/crowd.jpg"
  done
  run "$name: stream" "${options[@]}" --stats --smooth - <"$work/stream"
}

sweep_all() {
  local isa model format
  cat "$pictures/astronaut.jpg" "$kinds"/{3x5,gray,cmyk,progressive}.jpg "$pictures/turned.jpg" >"$work/stream"
  for isa in reference sse41 avx2 avxvnni avx512 avx512vnni neon neondot; do
    "$program" --isa "$isa" --frames 1 --format none pattern:8x8 >/dev/null 2>&1 || continue
    echo "sanitize: pictures, streams, frames: $isa"
    for model in Models/default.rfm Models/default-float32.rfm; do
      # The definitions in Swift are slow, and no C.
      if [ "$isa" = reference ]; then sweep "$isa" "$model" 32; else sweep "$isa" "$model" 320; fi
    done
  done
  for format in text json hash none; do run "$format" --format "$format" --threads 2 "$kinds"; done
  run wider --format wider --output "$work/wider" "$pictures/astronaut.jpg"
  run "own size" --size original --threads 2 "$pictures/sizes.jpg" pattern:333x251 --frames 1
  # An eighth of the shapes: the tests of the kernels run them all, without sanitizers.
  "$scratch/release/rf-check" kernels native 1/8 >"$work/output" 2>&1 || fail "kernels: $(tail -5 "$work/output")"
}

# Tests of the program's memory leave another program than their own out: ThreadSanitizer reserves much more than it uses.
test_program() {
  RF_CAM=$program swift test -c release --jobs "$(nproc)" --scratch-path build/test -Xswiftc -enable-testing --filter ProgramTests
}

test_preview() { RF_CAM=$program .venv/bin/python -m pytest -q -p no:cacheprovider Tests/Preview/test_load.py; }

rm -rf "$reports" "$work"
mkdir -p "$reports" "$work"
build || { fail "the program cannot be built with its sanitizers"; exit 1; }
export TSAN_OPTIONS="log_path=$reports/report exitcode=66" UBSAN_OPTIONS="print_stacktrace=1"
started=$SECONDS
took() {
  echo "sanitize: $1 took $((SECONDS - started)) s"
  started=$SECONDS
}

sweep_all
took "pictures, streams, frames and kernels"
test_program || fail "the tests of the program"
took "the tests of the program"
test_preview || fail "the load test of the live page"
took "the load test of the live page"
for report in "$reports"/*; do
  [ -s "$report" ] || continue
  fail "a report, $report:"
  head -40 "$report" >&2
done
exit $failed
