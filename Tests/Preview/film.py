"""A looped film of a group photograph: the camera pans to and fro, so that faces move and keep their ids.

Written as JPEGs back to back to standard output, for ever or for a number of frames. Paced by a clock of its own like a
camera, or as fast as it is read. Usage: python film.py [--rate 30] [--frames N] | rf-cam --preview 8080 -
"""

import argparse
import io
import itertools
import math
import sys
import time
from pathlib import Path

from PIL import Image

PICTURE = Path(__file__).parent.parent / "Fixtures" / "pictures" / "group.jpg"


def make_frames(width: int, height: int, count: int) -> list[bytes]:
    """JPEGs of a window on the photograph that goes right and back; the last leads to the first."""
    picture = Image.open(PICTURE).convert("RGB")
    scale = 1.3 * max(width / picture.width, height / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    frames = []
    for number in range(count):
        place = (1 - math.cos(2 * math.pi * number / count)) / 2
        left, top = round(place * (picture.width - width)), round((1 - place) * (picture.height - height) / 2)
        buffer = io.BytesIO()
        picture.crop((left, top, left + width, top + height)).save(buffer, "JPEG", quality=85)
        frames.append(buffer.getvalue())
    return frames


def play(frames: list[bytes], write, rate: float, number: int | None) -> None:
    """Writes frames in a loop; `rate` frames per second, 0: as fast as they are read."""
    start = time.monotonic()
    for index in itertools.count() if number is None else range(number):
        if rate > 0:
            time.sleep(max(0.0, start + index / rate - time.monotonic()))
        write(frames[index % len(frames)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=30, help="frames per second; 0: as fast as they are read")
    parser.add_argument("--frames", type=int, help="stop after so many (default: never)")
    parser.add_argument("--size", default="640x480", help="WxH (default 640x480)")
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    try:
        play(
            make_frames(width, height, 120),
            lambda frame: (sys.stdout.buffer.write(frame), sys.stdout.buffer.flush()),
            options.rate,
            options.frames,
        )
    except (BrokenPipeError, KeyboardInterrupt):
        pass


if __name__ == "__main__":
    main()
