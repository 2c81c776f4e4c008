"""Made-up results with figures that are easy to calculate with."""

NO_ONNX = "onnx is missing: make bench-peers installs it; then .venv-bench/bin/python -m pytest Benchmarks/tests"


def measurement(size="vga", threads=1, **medians):
    """Medians by entry name, `_` for `-`."""
    rows = {name.replace("_", "-"): {"median_ms": time, "min_ms": time, "quartiles_ms": [time, time]} for name, time in medians.items()}
    return {"size": size, "threads": threads, "date": "2026-01-02 03:04 UTC", "commit": "abc1234", "load": 0, "rounds": 1, "rows": rows}


def facts(**changed):
    machine = {
        "name": "A processor",
        "processor": "A processor",
        "cores": 2,
        "vectors": "avx2 avx512f avx512_vnni",
        "virtual": 0,
        "system": "Linux",
    }
    versions = {"openvino": "1", "onnxruntime": "2", "ncnn": "3"}
    return {"machine": machine, "versions": versions, "model": "0badcafe", **changed}
