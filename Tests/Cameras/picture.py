"""The known picture as cameras give it: YUYV, NV12, Bayer and MJPG at two sizes, from a sample picture of the repository.

Usage: python picture.py PICTURE FOLDER. Y'CbCr is ITU-R BT.601 of limited range, as USB cameras send it.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SIZES = ((640, 480), (1280, 720))
GRAY = (112, 112, 112)


def ycbcr(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """R G B 0...255 of shape (h, w, 3) to Y, Cb and Cr as floats of shape (h, w)."""
    red, green, blue = (rgb[..., channel].astype(float) / 255 for channel in range(3))
    gray = 0.299 * red + 0.587 * green + 0.114 * blue
    return 16 + 219 * gray, 128 + 224 * (blue - gray) / 1.772, 128 + 224 * (red - gray) / 1.402


def byte(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def yuyv(rgb: np.ndarray) -> bytes:
    y, cb, cr = ycbcr(rgb)
    packed = np.empty((rgb.shape[0], rgb.shape[1] * 2), np.uint8)
    packed[:, 0::2] = byte(y)
    packed[:, 1::4] = byte((cb[:, 0::2] + cb[:, 1::2]) / 2)
    packed[:, 3::4] = byte((cr[:, 0::2] + cr[:, 1::2]) / 2)
    return packed.tobytes()


def nv12(rgb: np.ndarray) -> bytes:
    y, *chroma = ycbcr(rgb)
    pairs = np.empty((rgb.shape[0] // 2, rgb.shape[1]), np.uint8)
    for index, plane in enumerate(chroma):
        pairs[:, index::2] = byte((plane[0::2, 0::2] + plane[1::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 1::2]) / 4)
    return byte(y).tobytes() + pairs.tobytes()


def bayer(rgb: np.ndarray) -> bytes:
    """One colour a pixel, blue first (SBGGR8): what only libv4l2 can read."""
    mosaic = rgb[..., 1].copy()
    mosaic[0::2, 0::2] = rgb[0::2, 0::2, 2]
    mosaic[1::2, 1::2] = rgb[1::2, 1::2, 0]
    return mosaic.tobytes()


def main() -> None:
    picture, folder = Image.open(sys.argv[1]).convert("RGB"), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        fitted = ImageOps.pad(picture, (width, height), Image.LANCZOS, GRAY)
        rgb = np.asarray(fitted)
        stem = folder / f"{width}x{height}"
        for ending, data in (("yuyv", yuyv(rgb)), ("nv12", nv12(rgb)), ("bayer", bayer(rgb))):
            stem.with_suffix(f".{ending}").write_bytes(data)
        # 4:2:2, as most cameras compress.
        fitted.save(stem.with_suffix(".jpg"), quality=90, subsampling=1)


if __name__ == "__main__":
    main()
