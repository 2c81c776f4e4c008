"""Ratios of times, and the file of results."""

import pytest

from made import facts, measurement
from peers import results


def test_summary_is_of_the_rounds():
    assert results.summary([4, 1, 2, 3, 90]) == {"median_ms": 3, "min_ms": 1, "quartiles_ms": [1.5, 47]}
    assert results.summary([2.5])["quartiles_ms"] == [2.5, 2.5]


def test_merge_replaces_the_same_size_and_threads():
    both = results.merge({}, facts(), measurement("hd", 1, ours_int8=10))
    both = results.merge(both, facts(), measurement("vga", 2, ours_int8=2))
    both = results.merge(both, facts(), measurement("hd", 1, ours_int8=9))
    found = [(m["size"], m["threads"], m["rows"]["ours-int8"]["median_ms"]) for m in both["measurements"]]
    assert found == [("vga", 2, 2), ("hd", 1, 9)]


def test_merge_takes_the_machines_latest_name():
    named = facts(machine={**facts()["machine"], "name": "Board"})
    assert results.merge(results.merge({}, facts(), measurement("hd")), named, measurement("vga")) == {
        **named,
        "measurements": [measurement("vga"), measurement("hd")],
    }


@pytest.mark.parametrize("change", [{"machine": {"processor": "Another"}}, {"versions": {"openvino": "9"}}, {"model": "1"}])
def test_merge_never_mixes_machines_versions_or_models(change):
    old = results.merge({}, facts(), measurement("hd"))
    assert [m["size"] for m in results.merge(old, facts(**change), measurement("vga"))["measurements"]] == ["vga"]


def test_ratio_is_to_the_fastest_of_the_same_kind():
    rows = measurement(ours_int8=2, openvino_int8=5, onnxruntime_int8=4, openvino_float32=1, ours_int8_avx2=3, openvino_int8_avx2=1)["rows"]
    assert results.ratio(rows, "ours-int8") == 0.5
    assert results.ratio(rows, "ours-int8-avx2") == 3
    assert results.ratio(rows, "openvino-int8") is None
    assert results.ratio(measurement(ours_float32=1)["rows"], "ours-float32") is None
