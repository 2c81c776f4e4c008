"""Where the evaluator's detections come from: a PyTorch network, stored predictions, or rf-cam run on the spot.

Why: the same pictures and the same protocol must measure all three. Each predictor takes the pictures of one images folder and answers
with detections by picture name and the names it has none for; a picture that is missing or broken is never lost in silence.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Protocol

import tqdm
from torch import nn

from . import detect, predictions
from .ground_truth import AnnotationError
from .predictions import Detections
from ..data.text import decode, lines

_PICTURES_A_RUN = 32
"""One command line of rf-cam gets so many pictures: enough to forget its start, few enough for a progress bar."""

Answer = tuple[dict[str, Detections], list[str]]


class Predictor(Protocol):
    """Detections for pictures `names` below the folder `images`: picture name -> detections, and the names without."""

    def predict(self, images: Path, names: list[str], title: str) -> Answer:
        """Raises AnnotationError or PictureError where a picture has no answer and that is not allowed."""


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
    """Reads predictions once and hands out those of the pictures asked for."""

    def __init__(self, path: Path, allow_missing: bool = False) -> None:
        self.stored, self.allow_missing = predictions.read(path), allow_missing

    def predict(self, images: Path, names: list[str], title: str) -> Answer:
        return predictions.by_picture(self.stored, names, self.allow_missing)


class ProgramPredictor:
    """Runs rf-cam; `arguments`: the program and options that it gets before the pictures."""

    def __init__(self, arguments: list[str], allow_missing: bool = False) -> None:
        self.arguments, self.allow_missing = arguments, allow_missing

    def predict(self, images: Path, names: list[str], title: str) -> Answer:
        sources: dict[str, Detections] = {}
        with tqdm.tqdm(total=len(names), desc=title, unit=" pictures", disable=None) as bar:
            for start in range(0, len(names), _PICTURES_A_RUN):
                batch = names[start:start + _PICTURES_A_RUN]
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
    """rf-cam at the pictures' own size, with room for every face of a whole curve: crowds have more than its usual 1000 at low scores."""
    chosen = ["--model", model] if model else []
    return [program, *chosen, "--format", "json", "--size", "original", "--threshold", f"{threshold:g}", "--nms", f"{nms_iou:g}",
            "--max-faces", "5000", *more]
