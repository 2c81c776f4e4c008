"""Detects faces in pictures: RetinaFace (arXiv 1905.00641) on the processor.

    import rfcam

    detector = rfcam.Detector()
    faces = detector(image)          # H x W x 3 array of uint8, R G B
    faces.boxes                      # N x 4 float32: x1 y1 x2 y2, pixels

`Tracker` follows faces through a film, `align` crops them for recognition networks, `detect_files` reads picture files with
several processes.
"""

from ._align import align
from ._detector import Detector
from ._errors import Error, ModelError
from ._faces import Faces
from ._files import FileResult, detect_files
from ._library import instruction_sets, version
from ._tracker import Tracker

__version__ = version()
__all__ = ["Detector", "Error", "Faces", "FileResult", "ModelError", "Tracker", "align", "detect_files", "instruction_sets"]
