"""The machine's name."""

from peers.machine import machine


def test_a_name_stays_until_another_machine():
    here = machine()
    assert here["name"] == here["processor"] and here["cores"] >= 1
    assert machine("Board") == machine(None, machine("Board")) == {**here, "name": "Board"}
    assert machine(None, {"processor": "another", "name": "Board"}) == here
