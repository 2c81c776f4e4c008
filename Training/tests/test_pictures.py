"""The only reader of pictures: upright, bounded, and with the same results as rf-cam."""

import io
import os
import struct
import subprocess
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retinaface_training.data.labels import DataError, load_picture
from retinaface_training.data.pictures import PictureError, picture_size, read_picture
from retinaface_training.evaluation import detect

ROOT = Path(__file__).parents[2]
RF_CAM = Path(os.environ.get("RF_CAM", ROOT / "build/rf-cam"))
needs_rf_cam = pytest.mark.skipif(not RF_CAM.exists(), reason=f"{RF_CAM} is missing (make build)")


def quarters(width=64, height=32):
    """Red, green, blue and white quarters: shows every turn."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = 255
    return Image.fromarray(pixels)


def save_turned(path, orientation, **more):
    exif = Image.Exif()
    exif[0x0112] = orientation
    quarters().save(path, exif=exif, quality=95, subsampling=0, **more)
    return path


def corners(picture):
    """Letters of the four quarters, by rows."""
    middle = [(picture.width // 4 + x * picture.width // 2, picture.height // 4 + y * picture.height // 2) for y in (0, 1) for x in (0, 1)]
    names = {(255, 0, 0): "r", (0, 255, 0): "g", (0, 0, 255): "b", (255, 255, 255): "w"}
    return "".join(names[tuple(255 * (channel > 127) for channel in picture.getpixel(point))] for point in middle)


@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
@pytest.mark.parametrize(
    "orientation, expected", list(enumerate(["rgbw", "rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb", "rgbw"]))
)
def test_every_reader_sees_pictures_upright(tmp_path, orientation, expected, ending):
    path = save_turned(tmp_path / f"a.{ending}", orientation)
    size = (32, 64) if orientation in (5, 6, 7, 8) else (64, 32)
    assert picture_size(path) == size
    for picture in (read_picture(path), load_picture(path), detect.read_picture(path)):
        assert (picture.size, picture.mode, corners(picture)) == (size, "RGB", expected)


def test_xmp_and_damaged_exif_do_not_turn(tmp_path):
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    quarters().save(tmp_path / "xmp.jpg", xmp=xmp)
    assert read_picture(tmp_path / "xmp.jpg").size == picture_size(tmp_path / "xmp.jpg") == (64, 32)
    for number, exif in enumerate(
        [b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0" + b"\xff" * 40, b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03"]
    ):
        quarters().save(tmp_path / f"{number}.jpg", exif=exif)
        assert read_picture(tmp_path / f"{number}.jpg").size == picture_size(tmp_path / f"{number}.jpg") == (64, 32)


def png_header(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(10001, 10000), (14000, 13000), (50000, 50000)])
@pytest.mark.parametrize("kind", ["png", "ppm"])
def test_a_decompression_bomb_is_an_error_that_names_the_file(tmp_path, size, kind):
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(png_header(*size) if kind == "png" else b"P6 %d %d 255\n" % size + bytes(100))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for read in (picture_size, read_picture):
            with pytest.raises(PictureError, match=f"bomb.{kind}: claims .* 100 megapixels: make it smaller first"):
                read(path)
    with pytest.raises(DataError, match="bomb"):
        load_picture(path)


def write_kinds(folder):
    """Writes a gradient in every picture format that training can read."""
    gray = np.linspace(0, 255, 64 * 32).reshape(32, 64)
    image = Image.fromarray(gray.astype(np.uint8))
    colour = Image.merge("RGB", (image, image.rotate(180), image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)))
    deep = (gray * 257).astype(">u2")
    (folder / "gray.pgm").write_bytes(b"P5 64 32 255\n" + gray.astype(np.uint8).tobytes())
    (folder / "gray16.pgm").write_bytes(b"P5 64 32 65535\n" + deep.tobytes())
    (folder / "gray10.pgm").write_bytes(b"P5 64 32 1023\n" + (gray * 4).astype(">u2").tobytes())
    (folder / "gray4.pgm").write_bytes(b"P5 64 32 15\n" + (gray / 17).astype(np.uint8).tobytes())
    (folder / "colour16.ppm").write_bytes(b"P6 64 32 65535\n" + np.repeat(deep[..., None], 3, 2).tobytes())
    (folder / "plain-gray.pgm").write_text("P2\n# comment\n64 32\n255\n" + "\n".join(" ".join(map(str, row)) for row in gray.astype(int)))
    (folder / "plain.ppm").write_text("P3 64 32 255\n" + "\n".join(" ".join(f"{v} {v} {v}" for v in row) for row in gray.astype(int)))
    colour.save(folder / "colour.ppm")
    colour.save(folder / "colour-jpeg.jpg", quality=95)
    colour.save(folder / "progressive.jpg", quality=95, progressive=True)
    image.save(folder / "gray-jpeg.jpg", quality=95)
    colour.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    for path in (ROOT / "Tests/Fixtures/kinds").glob("*.jpg"):
        (folder / f"kinds-{path.name}").write_bytes(path.read_bytes())
    for orientation in range(10):
        save_turned(folder / f"turned{orientation}.jpg", orientation)


def test_16_bits_are_scaled_not_clipped(tmp_path):
    write_kinds(tmp_path)
    expected = np.asarray(read_picture(tmp_path / "gray.pgm")).astype(int)
    for name in ("gray16.pgm", "gray10.pgm", "colour16.ppm"):
        assert abs(np.asarray(read_picture(tmp_path / name)).astype(int) - expected).max() <= 1
    deep = Image.fromarray((expected[..., 0] * 257).astype(np.uint16))
    deep.save(tmp_path / "deep.png")
    assert (np.asarray(read_picture(tmp_path / "deep.png")) == expected).all()
    Image.fromarray(expected[..., 0].astype(np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(PictureError, match="float.tif: .*samples of kind F have no known range"):
        read_picture(tmp_path / "float.tif")


@pytest.mark.parametrize("kind", ["420", "progressive", "restarts", "cmyk", "gray"])
def test_a_jpeg_without_its_end_mark_is_whole_and_a_shorter_one_is_not(tmp_path, kind):
    content = (ROOT / f"Tests/Fixtures/kinds/{kind}.jpg").read_bytes()
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    whole = np.asarray(read_picture(path))
    for kept in (content[:-2], content[:-1]):
        path.write_bytes(kept)
        assert (np.asarray(read_picture(path)) == whole).all()
    for kept in (content[:-12], content[: len(content) * 3 // 4], content[: len(content) // 2]):
        path.write_bytes(kept)
        with pytest.raises(PictureError, match="a.jpg: .*truncated"):
            read_picture(path)


@needs_rf_cam
def test_rf_cam_sees_the_same_pictures(tmp_path):
    pictures, output = tmp_path / "pictures", tmp_path / "output"
    pictures.mkdir()
    write_kinds(pictures)
    # Without faces the annotated copy is the picture as rf-cam has it, encoded as JPEG.
    run = subprocess.run(
        [RF_CAM, "--threshold", "1", "--size", "original", "--output", output, "--quiet", pictures], capture_output=True, text=True
    )
    assert run.returncode == 0 and run.stderr == ""
    for path in sorted(pictures.iterdir()):
        encoded = io.BytesIO()
        read_picture(path).save(encoded, "JPEG", quality=90)
        ours = np.asarray(Image.open(encoded)).astype(int)
        theirs = np.asarray(Image.open(output / f"{path.stem}.jpg").convert("RGB")).astype(int)
        assert ours.shape == theirs.shape, path.name
        assert abs(ours - theirs).mean() < 0.5, path.name
