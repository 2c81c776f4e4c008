#!/usr/bin/env bash
# Installs the other engines and their tools into .venv-bench, an environment of their own: they are large, and the rest of
# the project needs none of them.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly pip=(.venv-bench/bin/python -m pip install --quiet)

python3 -m venv .venv-bench
echo "bench-peers: installing Benchmarks/requirements.txt in .venv-bench (0.9 GB)"
if ! "${pip[@]}" -r Benchmarks/requirements.txt; then
  echo "bench-peers: a package above cannot be had: check the network and pip's index; for another version, change" \
    "Benchmarks/requirements.txt" >&2
  exit 1
fi
if ! "${pip[@]}" --no-deps -r Benchmarks/requirements-alone.txt; then
  echo "bench-peers: pnnx cannot be had: ncnn will be left out" >&2
fi
touch .venv-bench/installed
