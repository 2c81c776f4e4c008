"""Turns, workers, and a worker that does not start."""

import pytest

from peers import __main__, rounds, worker
from peers.entries import ENTRIES, Entry
from peers.errors import BenchmarkError


class Fake:
    """Returns its own number, and records the request."""

    def __init__(self, name, asked):
        self.entry, self.asked = Entry(name, "fake", "int8", ""), asked

    def measure(self, milliseconds):
        self.asked.append(self.entry.name)
        return [milliseconds, 1, 100]


def test_every_second_round_goes_backwards():
    asked = []
    runners = [Fake(name, asked) for name in "abc"]
    assert rounds.run_round(runners, False, 7) == {"a": 7, "b": 7, "c": 7}
    rounds.run_round(runners, True, 7)
    assert asked == list("abccba")


def test_worker_runs_until_the_time_is_filled(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(worker.time, "perf_counter", lambda: next(clock) / 1e3)
    runs = []
    engine = type("Engine", (), {"run": lambda self: runs.append(1)})()
    assert worker.times(engine, 4.5) == pytest.approx([1] * 5) and len(runs) == 6
    assert len(worker.times(engine, 0)) == worker.FEWEST_RUNS


def test_an_engine_that_does_not_start_is_named_and_left_out(capsys):
    assert rounds.start([Entry("none", "No engine", "int8", "")], "vga", 1) == []
    assert "left out: No engine, int8: KeyError: 'none'" in capsys.readouterr().err


def test_refuses_more_threads_than_cores():
    with pytest.raises(BenchmarkError, match="4096 threads on"):
        rounds.cores_for(4096)


def test_names_are_unique_and_every_kind_has_ours_and_another():
    assert len({entry.name for entry in ENTRIES}) == len({entry.label for entry in ENTRIES}) == len(ENTRIES)
    kinds = {(entry.precision, entry.isa) for entry in ENTRIES}
    assert {(entry.precision, entry.isa) for entry in ENTRIES if entry.is_ours} == kinds
    assert {(entry.precision, entry.isa) for entry in ENTRIES if not entry.is_ours} == kinds


@pytest.mark.parametrize("words", [["--threads", "0"], ["--rounds", "x"], ["--sizes", "4k"], ["--entries", "tvm"]])
def test_a_wrong_command_line_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as failure:
        __main__.options(words)
    assert failure.value.code == 2 and words[0] in capsys.readouterr().err
