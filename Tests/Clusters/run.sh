#!/usr/bin/env bash
# Installs Ray, Spark and the wheel into an environment of their own and tests the recipes in local mode.
# Left out if the packages cannot be fetched or Java is missing (Spark). Usage: Tests/Clusters/run.sh   (after `make wheel`)
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly environment=build/cluster-venv
[ -x "$environment/bin/pip" ] || python3 -m venv "$environment"
if ! "$environment/bin/pip" install --quiet --disable-pip-version-check -r Examples/clusters/requirements.txt; then
  echo "left out: Ray and Spark (their packages cannot be installed here)"
  exit 0
fi
"$environment/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheels/*_x86_64.whl
"$environment/bin/python" -m pytest -q -rs -p no:cacheprovider Tests/Clusters "$@"
