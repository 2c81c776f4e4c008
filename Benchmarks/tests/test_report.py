"""The table, the README and the chart."""

import pytest
from PIL import Image

from made import facts, measurement
from peers import chart, results, table
from peers.errors import BenchmarkError


@pytest.fixture
def found():
    one = results.merge({}, facts(), measurement("vga", 1, openvino_int8=4, ours_int8=1.888, ncnn_float32=150.4))
    return results.merge(one, facts(), measurement("hd", 2, ours_int8=13.04, ours_int8_avx2=20))


def test_table_to_the_letter(found):
    assert table.table(found).splitlines() == [
        "| engine | 640 x 480, 1 thread | 1920 x 1080, 2 threads |",
        "|---|--:|--:|",
        "| **ours, int8** | **1.89** (0.47) | **13.0** |",
        "| OpenVINO, int8 | 4.00 |  |",
        "| ncnn, float32 | 150 |  |",
        "| **ours, int8, AVX2** |  | **20.0** |",
    ]


@pytest.mark.parametrize("time, text", [(9.994, "9.99"), (9.996, "10.0"), (99.94, "99.9"), (99.96, "100")])
def test_times_have_three_digits(time, text):
    assert table.digits(time) == text


def test_caption_names_machine_versions_day_and_commit(found):
    assert table.caption(found) == ("A processor, 2 cores, AVX-512 VNNI; OpenVINO 1, ONNX Runtime 2, ncnn 3; 2026-01-02, ours at abc1234.")


def test_caption_leaves_out_an_engine_that_is_not_installed(found):
    del found["versions"]["ncnn"]
    assert "OpenVINO 1, ONNX Runtime 2; 2026" in table.caption(found)


def test_publish_replaces_what_is_between_the_marks(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.publish("new", readme)
    table.publish("newer", readme)
    assert readme.read_text() == f"before\n{table.BEGIN}\nnewer\n{table.END}\nafter\n"


def test_publish_refuses_a_readme_without_marks(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("text")
    with pytest.raises(BenchmarkError, match="has no lines"):
        table.publish("new", readme)
    assert readme.read_text() == "text"


def test_chart_is_a_picture_with_our_colour(found, tmp_path):
    chart.draw(found, tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24)}
    assert {tuple(bytes.fromhex(name[1:])) for name in (chart.OURS, chart.OTHERS)} <= colours
