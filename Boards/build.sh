#!/usr/bin/env bash
# Builds the image of a board in build/BOARD. Usage: Boards/build.sh BOARD
set -euo pipefail
cd "$(dirname "$0")"

board=${1:-}
if [ -z "$board" ] || [ ! -x "$board/build.sh" ]; then
  echo "firmware: unknown board '$board': name one of $(dirname ./*/build.sh | sed 's,^\./,,' | paste -sd ' ')" >&2
  exit 2
fi
./setup.sh
"$board/build.sh"
