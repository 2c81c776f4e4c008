#!/usr/bin/env bash
# Converts a checkpoint to a model file; `make model` calls it. Takes everything from the environment, so that names may have
# spaces, quotes and dollar signs:
#   WEIGHTS    the checkpoint                          OUT        the model file to write
#   ANCHORS    16,32/64,128/256,512                    ACTIVATION relu or leaky:0.1 (checkpoints of others need both)
#   PRECISION  float32 (default) or int8               CALIBRATE  a folder of pictures; int8 needs it
# Relative names start at the root of the checkout.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "make model: $1" >&2
  exit 2
}

if [ -z "${WEIGHTS:-}" ] || [ -z "${OUT:-}" ]; then fail "name WEIGHTS=checkpoint.pth and OUT=model.rfm"; fi
weights=$(realpath -m -- "$WEIGHTS")
out=$(realpath -m -- "$OUT")
[ -f "$weights" ] || fail "no checkpoint '$WEIGHTS'"
[ -d "$(dirname "$out")" ] || fail "no folder for '$OUT'"
precision=${PRECISION:-float32}
name=$(basename -- "$out")
name=${name%.*}

export_options=() pack_options=(--precision "$precision")
[ -z "${ANCHORS:-}" ] || export_options+=(--anchors "$ANCHORS")
[ -z "${ACTIVATION:-}" ] || export_options+=(--activation "$ACTIVATION")
if [ -n "${CALIBRATE:-}" ]; then
  pack_options+=(--calibrate "$(realpath -m -- "$CALIBRATE")")
elif [ "$precision" = int8 ]; then
  fail "PRECISION=int8 needs CALIBRATE=folder of pictures"
fi

# Several may run at once.
mkdir -p build/models
exported=$(mktemp --tmpdir="$PWD/build/models" export-XXXXXX.safetensors)
trap 'rm -f "$exported"' EXIT
(cd Training && ../.venv/bin/python -m retinaface_training.export "$weights" --output "$exported" "${export_options[@]}")
build/rf-pack "$exported" --output "$out" --name "$name" "${pack_options[@]}"
build/rf-pack inspect "$out"
