"""Adds the compiled library and the program to the wheel, and its platform.

RFCAM_LIBRARY, RFCAM_PROGRAM: the two files. RFCAM_PLATFORM: the platform of the tag, such as manylinux_2_17_x86_64. `make wheel` sets them.
"""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    """Places the library in the package and the program in the folder of scripts."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        library, program, platform = (os.environ.get(name) for name in ("RFCAM_LIBRARY", "RFCAM_PROGRAM", "RFCAM_PLATFORM"))
        if not (library and program and platform):
            raise SystemExit("rf-cam: build the wheel with `make wheel`, which compiles the library and the program first")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["force_include"][library] = "rfcam/libretinaface.so.0"
        build_data["force_include"][os.fspath(Path(self.root).parent / "LICENSE")] = "rfcam/LICENSE"
        build_data["force_include"][os.fspath(Path(self.root).parent / "Models/LICENSE")] = "rfcam/MODEL-LICENSE"
        build_data["shared_scripts"][program] = "rf-cam"
