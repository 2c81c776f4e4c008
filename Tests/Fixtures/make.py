"""Makes the sample pictures: two public-domain portraits, pictures composed of their heads, and small files of each kind of
JPEG. Writes what Pillow decodes them to as well, so that our decoder can be held against another's.

Usage: python make.py ASTRONAUT_PNG GRACE_HOPPER_JPG
(skimage/data/astronaut.png of the scikit-image wheel, matplotlib/mpl-data/sample_data/grace_hopper.jpg of matplotlib's.)
The same inputs give the same pixels: the noise is seeded. Origin, licence and SHA-256 stand in README.md beside this file.
"""

import math
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps

FOLDER = Path(__file__).resolve().parent
PICTURES = FOLDER / "pictures"
KINDS = FOLDER / "kinds"
OTHERS = FOLDER / "others"
QUALITY = 88
NOISY_QUALITY = 70  # noise is what JPEG spends its bytes on

# Head and shoulders in each portrait: left, top, right, bottom in its pixels.
ASTRONAUT_HEAD = (110, 0, 340, 290)
HOPPER_HEAD = (60, 20, 430, 487)


class Heads:
    """The two heads as cut-outs with a soft oval edge, any height, mirrored or turned."""

    def __init__(self, astronaut: Image.Image, hopper: Image.Image) -> None:
        self.cuts = {"astronaut": astronaut.crop(ASTRONAUT_HEAD), "hopper": hopper.crop(HOPPER_HEAD)}

    def cut(self, name: str, height: int, mirror: bool = False, degrees: float = 0) -> Image.Image:
        head = self.cuts[name]
        head = ImageOps.mirror(head) if mirror else head
        head = head.resize((round(head.width * height / head.height), height), Image.LANCZOS)
        mask = Image.new("L", head.size, 0)
        edge = max(2, height // 30)
        ImageDraw.Draw(mask).ellipse((edge, edge, head.width - edge, head.height - edge), fill=255)
        head.putalpha(mask.filter(ImageFilter.GaussianBlur(edge / 2)))
        return head.rotate(degrees, Image.BICUBIC, expand=True)


def plain(width: int, height: int) -> Image.Image:
    """A ground that runs smoothly from one dull colour to another."""
    across = Image.linear_gradient("L").resize((width, height))
    return ImageOps.colorize(across, (96, 112, 128), (178, 168, 150)).convert("RGB")


def noisy(width: int, height: int, seed: int) -> Image.Image:
    """Coloured noise of several grain sizes, as foliage or a shelf of books would be."""
    source = random.Random(seed)
    ground = Image.new("RGB", (width, height), (128, 128, 128))
    for grain in (64, 16, 4, 1):
        size = (math.ceil(width / grain), math.ceil(height / grain))
        noise = Image.frombytes("RGB", size, source.randbytes(3 * size[0] * size[1]))
        ground = Image.blend(ground, noise.resize((width, height), Image.BICUBIC), 0.35)
    return ground


def compose(ground: Image.Image, heads: Heads, places: list[tuple]) -> Image.Image:
    """Pastes heads: (name, centre x, centre y, height, mirror, degrees) each."""
    for name, x, y, height, mirror, degrees in places:
        head = heads.cut(name, height, mirror, degrees)
        ground.paste(head, (x - head.width // 2, y - head.height // 2), head)
    return ground


def group(heads: Heads) -> Image.Image:
    return compose(
        plain(640, 480),
        heads,
        [
            ("hopper", 110, 150, 240, False, 0),
            ("astronaut", 320, 190, 300, False, 0),
            ("hopper", 530, 150, 220, True, 4),
            ("astronaut", 120, 380, 170, True, -6),
            ("hopper", 320, 410, 130, False, 0),
            ("astronaut", 520, 380, 180, False, 8),
        ],
    )


def sizes(heads: Heads) -> Image.Image:
    places = [("astronaut", 200, 290, 560, False, 0), ("hopper", 560, 180, 340, False, 0)]
    for index, (x, height) in enumerate(((500, 200), (635, 150), (735, 100), (810, 70), (870, 50), (920, 36))):
        places.append((("hopper", "astronaut")[index % 2], x, 480, height, index % 2 == 1, 0))
    return compose(plain(1000, 600), heads, places)


def turned(heads: Heads) -> Image.Image:
    places = []
    for index, degrees in enumerate((-45, -30, -15, 15, 30, 45)):
        name = ("astronaut", "hopper")[index % 2]
        places.append((name, 140 + 260 * (index % 3), 150 + 290 * (index // 3), 230, index > 2, degrees))
    return compose(plain(800, 600), heads, places)


def crowd(heads: Heads) -> Image.Image:
    source = random.Random(7)
    places = []
    for row in range(4):
        for column in range(7):
            height = 70 + 24 * row + source.randrange(16)
            places.append(
                (
                    source.choice(("astronaut", "hopper")),
                    70 + 143 * column + source.randrange(-14, 15),
                    80 + 165 * row + source.randrange(-10, 11),
                    height,
                    source.random() < 0.5,
                    source.randrange(-12, 13),
                )
            )
    return compose(noisy(1000, 680, 5), heads, places)


def with_adobe_transform(jpeg: bytes, transform: int) -> bytes:
    """The same data under another colour transform: its last byte in the Adobe segment (2 is YCCK, 0 RGB or CMYK)."""
    at = jpeg.index(b"Adobe") + 11
    return jpeg[:at] + bytes([transform]) + jpeg[at + 1 :]


def transcode(name: str, *options: str) -> None:
    """The coefficients of 420.jpg in another coding, which Pillow cannot write."""
    (KINDS / f"{name}.jpg").write_bytes(subprocess.check_output(["jpegtran", *options, KINDS / "420.jpg"]))


def write_kinds(astronaut: Image.Image) -> None:
    """Small files, one for each kind of JPEG and odd size."""
    face = astronaut.crop((170, 60, 270, 180)).resize((51, 61), Image.LANCZOS)
    face.convert("L").save(KINDS / "gray.jpg")
    face.convert("CMYK").save(KINDS / "cmyk.jpg")
    (KINDS / "ycck.jpg").write_bytes(with_adobe_transform((KINDS / "cmyk.jpg").read_bytes(), 2))
    face.save(KINDS / "rgb.jpg", keep_rgb=True)
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        face.save(KINDS / f"{name}.jpg", subsampling=subsampling)
    face.save(KINDS / "progressive.jpg", progressive=True)
    face.save(KINDS / "restarts.jpg", restart_marker_blocks=3)
    transcode("arithmetic", "-arithmetic")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as scans:
        scans.write("0;\n1;\n2;\n")  # a scan for each component
        scans.flush()
        transcode("scans", "-scans", scans.name)
    face.resize((1, 1)).save(KINDS / "1x1.jpg")
    face.resize((3, 5)).save(KINDS / "3x5.jpg")
    face.resize((20000, 3)).save(KINDS / "20000x3.jpg", quality=50)


def write_others() -> None:
    """A drawn picture in other formats: turned ones are stored on their side and have an Exif orientation."""
    picture = Image.new("RGB", (7, 5))
    picture.putdata([(36 * x % 256, 60 * y % 256, 17 * x * y % 256) for y in range(5) for x in range(7)])
    orientation = Image.Exif()
    orientation[0x0112] = 6
    stored = picture.rotate(90, expand=True)
    picture.save(OTHERS / "lossless.webp", lossless=True)
    stored.save(OTHERS / "turned.webp", lossless=True, exif=orientation)
    stored.save(OTHERS / "turned.png", exif=orientation)
    picture.save(OTHERS / "animated.webp", save_all=True, append_images=[picture.rotate(180)], lossless=True)


def fnv1a(data: bytes) -> int:
    """64-bit FNV-1a."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def write_pixels() -> None:
    """A line a file: its path, size, and the hash of the R G B bytes that Pillow decodes it to."""
    lines = []
    for path in sorted((*PICTURES.glob("*.jpg"), *KINDS.glob("*.jpg"))):
        picture = Image.open(path).convert("RGB")
        lines.append(f"{path.relative_to(FOLDER)} {picture.width} {picture.height} {fnv1a(picture.tobytes()):016x}\n")
    (FOLDER / "pixels.txt").write_text("".join(lines))


def main() -> None:
    astronaut_path, hopper_path = map(Path, sys.argv[1:3])
    astronaut, hopper = Image.open(astronaut_path).convert("RGB"), Image.open(hopper_path).convert("RGB")
    heads = Heads(astronaut, hopper)
    PICTURES.mkdir(exist_ok=True)
    KINDS.mkdir(exist_ok=True)
    OTHERS.mkdir(exist_ok=True)
    shutil.copyfile(hopper_path, PICTURES / "grace_hopper.jpg")
    made = {"astronaut": astronaut, "group": group(heads), "sizes": sizes(heads), "turned": turned(heads), "crowd": crowd(heads)}
    for name, picture in made.items():
        quality = NOISY_QUALITY if name == "crowd" else QUALITY
        picture.save(PICTURES / f"{name}.jpg", quality=quality, optimize=True, progressive=name == "turned")
    write_kinds(astronaut)
    write_others()
    write_pixels()


if __name__ == "__main__":
    main()
