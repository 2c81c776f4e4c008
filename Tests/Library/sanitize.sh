#!/usr/bin/env bash
# Runs callers of the C library with sanitizers in the library itself, in Swift and C: a hostile caller with AddressSanitizer and
# UndefinedBehaviorSanitizer, detectors in several threads with ThreadSanitizer. Usage: Tests/Library/sanitize.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly work=build/library/sanitized
mkdir -p "$work"

# Links a caller with a library that has a sanitizer. link NAME SANITIZER SCRATCH
link() {
  local name=$1 sanitizer=$2 scratch=$3 program=$work/$1-$2
  swift build -c release --jobs "$(nproc)" --sanitize="$sanitizer" --scratch-path "$scratch" --product rf-library \
    -Xcc -g -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=all -Xcc -U_FORTIFY_SOURCE
  clang -g -O1 -fsanitize="$sanitizer" -fsanitize=undefined -fno-sanitize-recover=all -ISources/CRetinaFace/include -c "Tests/Library/$name.c" -o "$program.o"
  swiftc -static-stdlib -use-ld=lld -sanitize="$sanitizer" -Xclang-linker -fsanitize=undefined "$program.o" \
    "$scratch/release/librf-library.a" -o "$program"
  # The library has the checks, not only its caller.
  local symbols
  symbols=$(nm "$scratch/release/librf-library.a" 2>/dev/null)
  [[ $symbols == *"U __${sanitizer:0:1}san_"* && $symbols == *"U __ubsan_handle_"* ]]
}

export UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=exitcode=66
link hostile address build/library/asan
"$work/hostile-address" Models/default.rfm 11
# The build of Tests/sanitize.sh.
link threads thread build/sanitize
"$work/threads-thread"
