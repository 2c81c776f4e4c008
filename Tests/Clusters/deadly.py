"""Finders of which the first worker is killed in the middle of the run. Imported by workers, so this imports no conftest."""

import os
import signal

import common
import detect_ray


def kill_this_worker_once() -> None:
    """Kills the calling process, if none was killed yet: RF_KILLED names the file that says so."""
    try:
        os.close(os.open(os.environ["RF_KILLED"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyFinder(common.FaceFinder):
    def __call__(self, paths):
        rows = super().__call__(paths)
        kill_this_worker_once()
        return rows


class DeadlyBatchFinder(detect_ray.BatchFinder):
    finder_type = DeadlyFinder
