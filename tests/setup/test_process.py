"""Ending processes: only the very one that was started."""

import os
import subprocess

from environment.process import end, identity


def test_ends_the_process():
    process = subprocess.Popen(["sleep", "60"])
    end(process.pid, identity(process.pid))
    assert process.wait() < 0


def test_leaves_another_process_with_the_same_number():
    end(os.getpid(), "123 something that ended long ago")
    assert identity(os.getpid())


def test_unknown_number():
    assert identity(2**30) is None
