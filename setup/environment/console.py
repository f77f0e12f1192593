"""What the set-up tells a person. Progress goes to stderr, so that stdout stays a command's own."""

import sys
import time
from contextlib import contextmanager


class SetupError(Exception):
    """Something that a person has to know or do, said in one clear sentence."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def seconds_since(start):
    return f"{time.monotonic() - start:.0f} s"


@contextmanager
def step(title):
    """Announce a long step and say how long it took."""
    start = time.monotonic()
    say(f"- {title} ...")
    yield
    say(f"  done in {seconds_since(start)}")
