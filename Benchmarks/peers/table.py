"""Writes the results as a Markdown table to the project's README."""

from __future__ import annotations

from pathlib import Path

from .entries import BY_NAME
from .errors import BenchmarkError
from .paths import SIZES
from .results import ratio

ENGINES = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime", "ncnn": "ncnn"}
BEGIN, END = "<!-- made by make bench-peers: begins -->", "<!-- made by make bench-peers: ends -->"


def table(results: dict) -> str:
    """Returns the table: a row per entry, sorted by the first column; ours in bold, with its ratio in brackets."""
    measurements = results["measurements"]
    names = sorted(
        {name for measurement in measurements for name in measurement["rows"]},
        key=lambda name: [measurement["rows"].get(name, {}).get("median_ms", float("inf")) for measurement in measurements],
    )
    heads = [heading(measurement) for measurement in measurements]
    lines = ["| engine | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(heads)]
    for name in names:
        entry = BY_NAME[name]
        cells = [cell(measurement["rows"], name) for measurement in measurements]
        lines.append("| " + " | ".join([f"**{entry.label}**" if entry.is_ours else entry.label, *cells]) + " |")
    return "\n".join(lines)


def heading(measurement: dict) -> str:
    width, height = SIZES[measurement["size"]]
    threads = measurement["threads"]
    return f"{width} x {height}, {threads} thread{'s' if threads > 1 else ''}"


def cell(rows: dict[str, dict], name: str) -> str:
    """Returns milliseconds with three digits; empty if not measured."""
    if name not in rows:
        return ""
    time = digits(rows[name]["median_ms"])
    if not BY_NAME[name].is_ours:
        return time
    part = ratio(rows, name)
    return f"**{time}**" + (f" ({part:.2f})" if part else "")


def digits(milliseconds: float) -> str:
    """Returns a number with three significant digits, whole above 100."""
    return f"{milliseconds:.{2 if milliseconds < 9.995 else 1 if milliseconds < 99.95 else 0}f}"


def caption(results: dict) -> str:
    """Returns the machine, the versions and the date, without which the figures have no meaning."""
    machine, versions = results["machine"], results["versions"]
    vectors = "AVX-512 VNNI" if "avx512_vnni" in machine["vectors"] else "AVX-512" if "avx512f" in machine["vectors"] else "AVX2"
    engines = [f"{label} {versions[package]}" for package, label in ENGINES.items() if package in versions]
    days = sorted({measurement["date"][:10] for measurement in results["measurements"]})
    commits = sorted({measurement["commit"] for measurement in results["measurements"]} - {""})
    return (
        f"{machine['name']}, {machine['cores']} cores, {vectors}{', a virtual machine' if machine['virtual'] else ''}; "
        f"{', '.join(engines)}; "
        f"{' and '.join(days)}, ours at {', '.join(commits) or 'an unknown commit'}."
    )


def publish(text: str, readme: Path) -> None:
    """Replaces the text between the two marks in `readme`. Raises BenchmarkError if they are missing."""
    content = readme.read_text()
    before, begin, rest = content.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchmarkError(f"{readme}: has no lines '{BEGIN}' and '{END}' for the table")
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
