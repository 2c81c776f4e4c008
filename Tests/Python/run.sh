#!/usr/bin/env bash
# Installs the wheel for this machine into an empty environment and tests it there.
# Usage: Tests/Python/run.sh [PYTEST_OPTION...]   (after `make wheel`)
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly environment=build/wheel-venv
wheel=$(echo build/wheels/*_x86_64.whl)
[ "$(stat -c %s "$wheel")" -le 3000000 ] || { echo "$wheel: more than 3,000,000 bytes" >&2; exit 1; }
[ -x "$environment/bin/pip" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check -r Tests/Python/requirements.txt
"$environment/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
"$environment/bin/auditwheel" show "$wheel" | tr '\n' ' ' | grep -q 'manylinux_2_17_x86_64' ||
  { "$environment/bin/auditwheel" show "$wheel"; echo "$wheel: needs a newer system than its tag says" >&2; exit 1; }
"$environment/bin/python" -m mypy --strict Python/rfcam
"$environment/bin/python" -m pytest -q -rs -p no:cacheprovider Tests/Python "$@"
