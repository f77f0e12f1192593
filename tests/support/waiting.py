"""Opportunities follow accounting in a scheduled action: some seconds later."""

import time

#: Schedulers are woken at once; a busy one looks again after a minute.
SECONDS = 90


def eventually(read, expected):
    """Read until it is what is expected, or for so long, and return what was read last."""
    deadline = time.monotonic() + SECONDS
    while (value := read()) != expected and time.monotonic() < deadline:
        time.sleep(0.5)
    return value
