"""Inputs of the engines."""

import numpy
import pytest
from PIL import Image

from peers.errors import BenchmarkError
from peers.pictures import MEAN, calibration_files, letterboxed, network_input


def picture(path, size=(4, 2), colour=(10, 20, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def test_input_is_blue_green_red_less_the_mean_and_0_beyond_the_picture(tmp_path):
    image = network_input(picture(tmp_path / "a.png"), 8, 6)
    assert image.shape == (1, 3, 6, 8) and image.dtype == numpy.float32
    assert image[0, :, 3, 7].tolist() == [30 - MEAN[0], 20 - MEAN[1], 10 - MEAN[2]]
    assert not image[0, :, 4:].any()


def test_pictures_are_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (2, 4), (10, 20, 30)).save(tmp_path / "a.png", exif=exif)
    assert letterboxed(tmp_path / "a.png", 8, 2).getpixel((3, 0)) == (10, 20, 30)
    assert letterboxed(tmp_path / "a.png", 8, 2).getpixel((4, 0)) != (10, 20, 30)


def test_large_pictures_are_shrunk_whole(tmp_path):
    assert letterboxed(picture(tmp_path / "a.png", (400, 100)), 40, 30).getpixel((39, 9)) == (10, 20, 30)


def test_calibration_pictures_are_spread_over_folders(tmp_path):
    for folder in "abc":
        for name in range(4):
            picture(tmp_path / folder / f"{name}.png")
    chosen = calibration_files(tmp_path, 3)
    assert [path.parent.name for path in chosen] == ["a", "b", "c"]
    assert len(calibration_files(tmp_path, 100)) == 12


def test_broken_pictures_are_passed_over(tmp_path):
    (tmp_path / "0.jpg").write_bytes(b"no picture")
    good = [picture(tmp_path / f"{name}.png") for name in (1, 2, 3)]
    assert calibration_files(tmp_path, 2) == [good[0], good[1]]
    assert calibration_files(tmp_path, 9) == good


def test_says_what_is_wrong_with_a_folder(tmp_path):
    with pytest.raises(BenchmarkError, match="is not a folder.*--calibrate"):
        calibration_files(tmp_path / "missing", 1)
    with pytest.raises(BenchmarkError, match="no picture"):
        calibration_files(tmp_path, 1)
