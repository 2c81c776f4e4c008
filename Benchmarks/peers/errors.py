"""What a user can put right: one line that says what, where and what to try."""


class BenchmarkError(Exception):
    """The comparison cannot go on."""
