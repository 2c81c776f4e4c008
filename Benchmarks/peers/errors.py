"""Errors that a user can correct: one line with the problem, the place and a remedy."""


class BenchmarkError(Exception):
    """The comparison cannot continue."""
