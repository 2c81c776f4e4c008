"""ARM cost model: an ESTIMATE of a frame's cycles and memory traffic on processors that are not available.

Instructions are counted under QEMU, cycles come from llvm-mca, memory traffic from a cache simulation. README.md gives reasons
for and against the figures. run.sh calls this.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from cycles import Processor
from parts import Part, blocks_of, counted

from program import Program

# llvm-mca's name, QEMU's name, description, GHz, and the project's limit in megacycles at 640 x 480.
PROCESSORS = [
    ("cortex-a72", "cortex-a72", "Cortex-A72", 1.8, 82.0),
    ("neoverse-n1", "max", "Cortex-A76, as Neoverse N1", 2.2, 40.0),
    ("cortex-a53", "cortex-a53", "Cortex-A53", 1.4, None),
]
TARGET_TRAFFIC = 10.0
# Published times of another engine on a Cortex-A72 over this model's for it: README.md, "How far to trust it".
LOW, HIGH = 0.90, 1.42 * 1.14
BYTES_A_SECOND = 7e9
LINE = 64
STAGES = {"network": "network, as the detector runs it", "convert": "beside it: YUYV to input", "decode": "beside it: logits to faces"}


@dataclass
class Cost:
    """Cost of one part or of several."""

    cycles: float = 0
    least: float = 0
    instructions: int = 0
    multiply_adds: int = 0

    def add(self, other: "Cost") -> None:
        self.cycles += other.cycles
        self.least += other.least
        self.instructions += other.instructions
        self.multiply_adds += other.multiply_adds


def frame_costs(parts: list[Part], program: Program, processor: Processor):
    """Sums costs by part, and by (kind, source file, function)."""
    blocks = {part.name: blocks_of(part, program) for part in parts}
    processor.learn([program.text(b.address, b.instructions) for part in parts for b in blocks[part.name]])
    by_part: dict[str, Cost] = {}
    by_function: dict[tuple[str, str, str], Cost] = defaultdict(Cost)
    for part in parts:
        by_part[part.name] = Cost(multiply_adds=part.multiply_adds)
        for b in blocks[part.name]:
            text = program.text(b.address, b.instructions)
            cost = Cost(processor.cycles(text) * b.count, processor.least_cycles(text) * b.count, b.instructions * b.count)
            by_part[part.name].add(cost)
            by_function[part.kind, *program.owner(b.address)].add(cost)
    return by_part, by_function


def cycles_by_equal_counts(parts: list[Part], program: Program, processor: Processor) -> float:
    """Returns the network's cycles if only blocks that ran equally often are joined: README.md, "How far to trust it"."""
    blocks = [block for part in parts if part.kind == "network" for block in blocks_of(part, program, "equal")]
    processor.learn([program.text(b.address, b.instructions) for b in blocks])
    return sum(processor.cycles(program.text(b.address, b.instructions)) * b.count for b in blocks)


def line(name: str, cost: Cost, total: float) -> str:
    rate = f"{cost.multiply_adds / cost.cycles:8.2f}" if cost.multiply_adds else f"{'':8}"
    return (
        f"{name:34}{cost.multiply_adds / 1e6:9.2f}{cost.cycles / 1e6:10.3f}{100 * cost.cycles / total:8.1f} %{rate}"
        f"{cost.cycles / max(1, cost.least):10.2f}"
    )


def print_table(title: str, rows: list[tuple[str, Cost]], total: float) -> None:
    print(f"{title:34}{'MMAC':>9}{'Mcycles':>10}{'share':>10}{'MAC/cycle':>10}{'x limit':>8}")
    for name, cost in rows:
        print(line(name, cost, total))


def report(parts: list[Part], program: Program, processor: Processor, options) -> Cost:
    """Prints a processor's tables; returns the network's cost."""
    by_part, by_function = frame_costs(parts, program, processor)
    kinds = defaultdict(Cost)
    for part in parts:
        if part.kind != "sparse":
            kinds[part.kind].add(by_part[part.name])
    network = kinds["network"]
    network.multiply_adds = sum(cost.multiply_adds for cost in kinds.values())
    if options.layers:
        print_table("layer", [(part.name, by_part[part.name]) for part in parts if part.kind not in STAGES], network.cycles)
    rows = [(kind, cost) for kind, cost in kinds.items() if kind not in STAGES]
    print_table("kernel, layer by layer", sorted(rows, key=lambda row: -row[1].cycles), network.cycles)
    functions = [
        (f"  {kind}: {Path(source).name} {name}"[:33], cost)
        for (kind, source, name), cost in by_function.items()
        if cost.cycles > 0.01 * network.cycles and kind not in STAGES
    ]
    print_table("where", sorted(functions, key=lambda row: -row[1].cycles), network.cycles)
    for stage, title in STAGES.items():
        print(line(title, kinds[stage], network.cycles))
    equal = cycles_by_equal_counts(parts, program, processor)
    print(f"megacycles if only blocks that ran equally often are joined: {equal / 1e6:.1f}")
    return network


def traffic(options) -> float:
    """Prints the memory traffic by kind; returns the network's in bytes."""
    command = [str(options.program), "frame", options.model, options.size]
    kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for part in counted(options.plugins / "cache.so", "cortex-a72", command, options.results / "cache.txt", options.counted):
        for values in part.lines:
            kinds[part.kind] = [a + b for a, b in zip(kinds[part.kind], values, strict=True)]
    print(
        f"Memory traffic, {options.size}, int8: an ESTIMATE by simulation (32 KB L1, 1 MB L2, no prefetch), MB\n"
        f"{'layer by layer':34}{'L2 to L1':>10}{'read':>10}{'written':>10}"
    )
    for kind, values in sorted(kinds.items(), key=lambda row: (row[0] in STAGES, -sum(row[1][1:]))):
        if any(values):
            print(f"{STAGES.get(kind, kind):34}" + "".join(f"{value * LINE / 1e6:10.2f}" for value in values))
    return sum(kinds["network"][1:]) * LINE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--map", type=Path, required=True)
    parser.add_argument("--plugins", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--cpu", action="append", help="only this processor of llvm-mca's; may be repeated")
    parser.add_argument("--counted", action="store_true", help="take the counts of the last run")
    parser.add_argument("--layers", action="store_true", help="a row a layer, too")
    options = parser.parse_args()
    program = Program(options.program, options.map)
    bytes_moved = traffic(options)
    verdicts = [f"memory traffic {bytes_moved / 1e6:.1f} MB (at most {TARGET_TRAFFIC:.0f})"] if options.size == "640x480" else []
    for model_name, emulated, title, gigahertz, most in PROCESSORS:
        if options.cpu and model_name not in options.cpu:
            continue
        print(f"\n{title}, {options.size}, int8: an ESTIMATE, no such processor was here")
        command = [str(options.program), "frame", options.model, options.size]
        parts = counted(options.plugins / "blocks.so", emulated, command, options.results / f"{model_name}.txt", options.counted)
        network = report(parts, program, Processor(model_name), options)
        print_range(network, bytes_moved, gigahertz)
        if most and options.size == "640x480":
            verdicts.append(f"{title} {network.cycles / 1e6:.1f} Mcycles (at most {most:.0f})")
    print("\nTargets at 640 x 480, estimates all: " + "; ".join(verdicts) if verdicts else "")


def print_range(network: Cost, bytes_moved: float, gigahertz: float) -> None:
    compute, memory = network.cycles / gigahertz / 1e6, bytes_moved / BYTES_A_SECOND * 1e3
    print(
        f"one core at {gigahertz} GHz: {compute:.1f} ms of computing + {memory:.1f} ms of memory = {compute + memory:.1f} ms; "
        f"range {LOW * (compute + memory):.0f} to {HIGH * compute + memory:.0f} ms"
    )


if __name__ == "__main__":
    main()
