"""results.json: the measurements, the machine and the derived ratios. One file has measurements of one machine only."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from .entries import BY_NAME

#: Facts that must be equal for figures to be comparable.
SAME = ("machine", "versions", "model")


def summary(times: list[float]) -> dict[str, float]:
    """Summarizes the rounds' medians, in milliseconds."""
    low, _, high = statistics.quantiles(times, n=4) if len(times) > 1 else times * 3
    return {
        "median_ms": round(statistics.median(times), 4),
        "min_ms": round(min(times), 4),
        "quartiles_ms": [round(low, 4), round(high, 4)],
    }


def read(path: Path) -> dict:
    """Reads the results; empty if there is no file yet."""
    return json.loads(path.read_text()) if path.exists() else {}


def merge(old: dict, facts: dict, measurement: dict) -> dict:
    """Returns `old` with the measurement in place of an earlier one of its size and threads; without `old` if the facts differ."""
    kept = old["measurements"] if old and same(old, facts) else []
    place = (measurement["size"], measurement["threads"])
    rest = [other for other in kept if (other["size"], other["threads"]) != place]
    return {**facts, "measurements": sorted([*rest, measurement], key=order)}


def same(old: dict, facts: dict) -> bool:
    """Returns True if figures of both are comparable. The machine's name is irrelevant."""
    old, facts = ({**each, "machine": {**each["machine"], "name": ""}} for each in (old, facts))
    return all(old[key] == facts[key] for key in SAME)


def order(measurement: dict) -> tuple:
    """Sort key: VGA before HD, one thread before two."""
    return measurement["size"] != "vga", measurement["size"], measurement["threads"]


def ratio(rows: dict[str, dict], name: str) -> float | None:
    """Returns the time of an entry of ours divided by that of the fastest other engine of its precision and instruction set, or None."""
    entry = BY_NAME[name]
    others = [
        row["median_ms"]
        for other, row in rows.items()
        if not BY_NAME[other].is_ours and (BY_NAME[other].precision, BY_NAME[other].isa) == (entry.precision, entry.isa)
    ]
    return rows[name]["median_ms"] / min(others) if others and entry.is_ours else None
