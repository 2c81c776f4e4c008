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
cp Tests/Fixtures/others/*.{png,webp} "$work/PictureFuzzer"
printf 'P5 2 2 255\nabcd' >"$work/PictureFuzzer/gray.pgm"
printf 'P3 1 2 65535 1 2 3 4 5 6' >"$work/PictureFuzzer/plain.ppm"
mkdir -p "$work/StreamFuzzer" "$work/ExifFuzzer"
cat Tests/Fixtures/kinds/{420,3x5,progressive}.jpg >"$work/StreamFuzzer/film.mjpeg"
head -c -2 Tests/Fixtures/kinds/restarts.jpg | cat - Tests/Fixtures/kinds/3x5.jpg >"$work/StreamFuzzer/unended.mjpeg"
printf 'P5 2 2 255\nabcdP6 1 1 255\nabc' >"$work/StreamFuzzer/film.pnm"
printf 'Exif\0\0II*\0\010\0\0\0\1\0\022\001\3\0\1\0\0\0\6\0\0\0' >"$work/ExifFuzzer/short.exif"
printf 'Exif\0\0MM\0*\0\0\0\010\0\1\001\022\0\4\0\0\0\1\0\0\0\6' >"$work/ExifFuzzer/long.exif"
printf 'YUV4MPEG2 W4 H2 F25:1 C420jpeg XCOLORRANGE=FULL' >"$work/StreamFuzzer/header.y4m"
mkdir -p "$work/RequestFuzzer"
for path in / /style.css /video /events /snapshot.jpg /faces.json /healthz /metrics '/%00' 'http://localhost/'; do
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\r\n' "$path" >"$work/RequestFuzzer/get${path//\//-}"
done
printf 'HEAD / HTTP/1.0\r\n\r\n' >"$work/RequestFuzzer/head"
printf 'POST / HTTP/1.1\r\nHost: evil.local:80\r\nOrigin: http://evil\r\nContent-Length: 3\r\n\r\nabc' >"$work/RequestFuzzer/post"
mkdir -p "$work/ResultLinesFuzzer"
printf 'a.jpg 0.912 1.0 2.0 3.0 4.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0 id=1\na.j' >"$work/ResultLinesFuzzer/text"
printf '{"source":"a.jpg","frame":0,"faces":[]}\n{"sou' >"$work/ResultLinesFuzzer/json"
printf '{"source":"b.jpg","error":"is empty"}\n{"source":"a.j' >"$work/ResultLinesFuzzer/failure"
printf 'source,frame,timestamp_s,id,score,x1\na,0,0.0,,0.9,1.0,2.0,3.0,4.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0,9.0,10.0\n"a' >"$work/ResultLinesFuzzer/csv"
printf '{"source":"-","event":"enter","id":1,"score":0.9,"box":[1.0,2.0,3.0,4.0]}\n{"source":"-","ev' >"$work/ResultLinesFuzzer/events"
printf '0123456789abcdef a.jpg 0\n0123456789abcdef a.jpg 1\n\0\0' >"$work/ResultLinesFuzzer/hash"
mkdir -p "$work"/{OptionsFuzzer,NumberFuzzer}
printf '\0--size\000640x480\0--threshold=0.5\0--frames\0003000000000\0--raw\0yuyv:64x48\0--results\0udp:127.0.0.1:9\0--camera\000640x480@30:MJPG\0--zone\0a=0,0,1,0,1,.5\0--rate\00030000/1001\0-' \
  >"$work/OptionsFuzzer/words"
printf '\001size = 640 # a comment\r\nsource = /dev/video0\nresults = udp:[::1]:9\nsync = 0.5\nstats = yes\naddress = dhcp\n' \
  >"$work/OptionsFuzzer/lines"
head -c 80 /dev/zero >"$work/NumberFuzzer/zeros"
printf '\6%072d caf\351 \342\200\256\302\233\357\273\277 \360\237\230\200' 7 >"$work/NumberFuzzer/names"

fuzz() {
  local name leaks=1
  name=$(basename "$1")
  # The words of a configuration file are kept until the process ends.
  if [ "$name" = OptionsFuzzer ]; then leaks=0; fi
  mkdir -p "$work/$name"
  if ! ASAN_OPTIONS=detect_leaks=$leaks "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/$name-" -use_value_profile=1 \
    "$work/$name" >"$work/$name.txt" 2>&1; then
    tail -40 "$work/$name.txt"
    echo "$name: failed; its input is $work/$name-*"
    return 1
  fi
  echo "$name: $(grep -o 'Done.*' "$work/$name.txt"), $(grep -o 'cov: [0-9]*' "$work/$name.txt" | tail -1)"
}

# One per processor at a time.
export -f fuzz
export seconds work
printf '%s\0' "$built"/debug/*Fuzzer | xargs -0 -P "$(nproc)" -I FUZZER bash -c "fuzz FUZZER"
