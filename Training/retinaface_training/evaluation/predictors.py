"""Sources of the evaluator's detections: a PyTorch network, stored predictions, or a run of rf-cam.

All three are measured on the same pictures by the same protocol. Each predictor takes the pictures of one folder and returns
detections by picture name and the names without any; a picture that is missing or damaged is always reported.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import tqdm

from ..data.text import decode, lines
from . import detect, predictions
from .ground_truth import AnnotationError
from .predictions import Detections

if TYPE_CHECKING:
    from torch import nn

_PICTURES_A_RUN = 32
"""Pictures per command line of rf-cam: enough to make its start negligible, few enough for a progress bar."""

Answer = tuple[dict[str, Detections], list[str]]


class Predictor(Protocol):
    """Returns detections for pictures `names` below the folder `images`: picture name -> detections, and the names without."""

    def predict(self, images: Path, names: list[str], title: str) -> Answer:
        """Predicts; raises AnnotationError or PictureError if a picture has no detections and that is not allowed."""


class NetworkPredictor:
    """Runs a PyTorch network; `allow_missing`: pictures that cannot be read count as empty."""

    def __init__(self, network: nn.Module, options: detect.Options, allow_missing: bool = False) -> None:
        self.network, self.options, self.allow_missing = network, options, allow_missing

    def predict(self, images: Path, names: list[str], title: str) -> Answer:
        found, missing = {}, []
        for name in tqdm.tqdm(names, desc=title, unit=" pictures", disable=None):
            try:
                found[name] = detect.detect(self.network, detect.read_picture(images / name), self.options)
            except detect.PictureError as error:
                if not self.allow_missing:
                    raise detect.PictureError(f"{error}; count such pictures as empty with --allow-missing") from None
                print(f"evaluate: {error}", file=sys.stderr)
                missing.append(name)
        return found, missing


class StoredPredictor:
    """Reads predictions once and returns those of the requested pictures."""

    def __init__(self, path: Path, allow_missing: bool = False) -> None:
        self.stored, self.allow_missing = predictions.read(path), allow_missing

    def predict(self, images: Path, names: list[str], title: str) -> Answer:
        return predictions.by_picture(self.stored, names, self.allow_missing)


class ProgramPredictor:
    """Runs rf-cam; `arguments`: the program and its options, without the pictures."""

    def __init__(self, arguments: list[str], allow_missing: bool = False) -> None:
        self.arguments, self.allow_missing = arguments, allow_missing

    def predict(self, images: Path, names: list[str], title: str) -> Answer:
        sources: dict[str, Detections] = {}
        with tqdm.tqdm(total=len(names), desc=title, unit=" pictures", disable=None) as bar:
            for start in range(0, len(names), _PICTURES_A_RUN):
                batch = names[start : start + _PICTURES_A_RUN]
                sources |= self._run([str(images / name) for name in batch])
                bar.update(len(batch))
        return predictions.by_picture(sources, names, self.allow_missing)

    def _run(self, paths: list[str]) -> dict[str, Detections]:
        paths = [f"./{path}" if path.startswith("-") else path for path in paths]  # not an option
        try:
            run = subprocess.run([*self.arguments, *paths], capture_output=True)
        except OSError as error:
            raise AnnotationError(f"{self.arguments[0]}: cannot be run: {error}") from None
        sys.stderr.write(run.stderr.decode(errors="replace"))
        if run.returncode not in (0, 1):
            raise AnnotationError(f"{' '.join(self.arguments)}: ended with status {run.returncode}")
        where = f"output of {self.arguments[0]}"
        try:
            return predictions.parse_json_lines(lines(decode(run.stdout, where)), where)
        except ValueError as error:
            raise AnnotationError(str(error)) from None


def rf_cam_arguments(program: str, model: str | None, threshold: float, nms_iou: float, more: list[str]) -> list[str]:
    """Returns arguments of rf-cam for pictures at their own size and for all faces of a complete curve, over 1000 in crowds."""
    chosen = ["--model", model] if model else []
    return [
        program,
        *chosen,
        "--format",
        "json",
        "--size",
        "original",
        "--threshold",
        f"{threshold:g}",
        "--nms",
        f"{nms_iou:g}",
        "--max-faces",
        "5000",
        *more,
    ]
