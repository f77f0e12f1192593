"""Two runs at the same time wait for each other instead of working on the same files."""

import fcntl
import shutil
from contextlib import contextmanager

from .console import say
from .paths import MEGABYTES_TO_PREPARE, require_space
from .process import inherited


@contextmanager
def locked(path, purpose):
    """Hold the lock file until the work is done.

    The programs that do the work hold it too: if we are killed, the system releases it when the
    last of them has ended, and nobody starts anew beside them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"- waiting for another run that is {purpose} ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        inherited.add(file.fileno())
        try:
            yield
        finally:
            inherited.discard(file.fileno())


def is_complete(folder):
    return (folder / ".complete").exists()


def build_once(folder, purpose, build):
    """Return the folder, filled by `build(folder)` once for all.

    A folder without its mark is what an interrupted run left: it is thrown away and built again.
    """
    if not is_complete(folder):
        with locked(folder.with_name(f"{folder.name}.lock"), purpose):
            if not is_complete(folder):
                require_space(MEGABYTES_TO_PREPARE)
                if folder.exists():
                    shutil.rmtree(folder)
                folder.mkdir(parents=True)
                build(folder)
                (folder / ".complete").touch()
    return folder
