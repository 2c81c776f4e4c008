#!/usr/bin/env bash
# Converts weights to a model file (.rfm) or an ONNX graph (.onnx); `make model` calls it. Takes everything from the environment,
# so that names may have spaces, quotes and dollar signs:
#   WEIGHTS    a checkpoint, an exchange file (.safetensors), a model file (.rfm) or an ONNX graph (.onnx)
#   OUT        the file to write, .rfm or .onnx
#   ANCHORS    16,32/64,128/256,512                    ACTIVATION relu or leaky:0.1 (checkpoints of others need both)
#   PRECISION  float32 (default) or int8               CALIBRATE  a folder of pictures; int8 needs it
#   SIZE       of an ONNX graph: 640x480, or dynamic (default)
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

weight_options=() onnx_options=() pack_options=(--precision "$precision")
[ -z "${ANCHORS:-}" ] || weight_options+=(--anchors "$ANCHORS")
[ -z "${ACTIVATION:-}" ] || weight_options+=(--activation "$ACTIVATION")
if [ -n "${SIZE:-}" ]; then
  [[ $out == *.onnx ]] || fail "SIZE is for OUT=model.onnx; a model file has no size"
  onnx_options+=(--size "$SIZE")
fi
if [ -n "${CALIBRATE:-}" ]; then
  pack_options+=(--calibrate "$(realpath -m -- "$CALIBRATE")")
elif [ "$precision" = int8 ]; then
  fail "PRECISION=int8 needs CALIBRATE=folder of pictures"
fi

# Several may run at once.
mkdir -p build/models
scratch=$(mktemp -d --tmpdir="$PWD/build/models" export-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# Writes $1 in the format of $2's ending.
export_to() { (cd Training && ../.venv/bin/python -m retinaface_training.export "$1" --output "$2" "${@:3}"); }

# Writes a model file $2 from the weights.
pack_to() {
  local exchange=$weights
  if [[ $weights != *.rfm && $weights != *.safetensors ]]; then
    exchange=$scratch/exchange.safetensors
    export_to "$weights" "$exchange" "${weight_options[@]}"
  elif [ ${#weight_options[@]} -gt 0 ]; then
    fail "'$WEIGHTS' stores its anchors and its activation: leave ANCHORS and ACTIVATION out"
  fi
  build/rf-pack "$exchange" --output "$1" --name "$name" "${pack_options[@]}"
}

if [[ $out != *.onnx ]]; then
  pack_to "$out"
  build/rf-pack inspect "$out"
elif [ "$precision" = int8 ]; then
  pack_to "$scratch/$name.rfm"
  export_to "$scratch/$name.rfm" "$out" "${onnx_options[@]}"
else
  export_to "$weights" "$out" "${weight_options[@]}" "${onnx_options[@]}"
fi
