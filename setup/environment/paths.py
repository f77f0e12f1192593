"""Where things are: the checkout, what all checkouts share, and what belongs to this one."""

import hashlib
import os
import shutil
from pathlib import Path

from .console import SetupError

NAME = "crm-accounting"
ROOT = Path(__file__).resolve().parents[2]
ADDONS = ROOT / "addons"
TESTS = ROOT / "tests"
TEST_ADDONS = TESTS / "addons"

# What a first preparation takes with room to spare, and what one run writes.
MEGABYTES_TO_PREPARE = 5000
MEGABYTES_TO_RUN = 500


def cache_dir():
    """Folder outside version control for downloads and data.

    Root's default is not in its home: the database server runs as an unprivileged user, who has
    to get there.
    """
    override = os.environ.get("CRM_ACCOUNTING_CACHE")
    if override:
        return Path(override).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/cache", NAME)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", NAME)


def digest(*texts):
    """A short key for folder and database names."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:10]


def checkout_key():
    return digest(str(ROOT))


def state_dir():
    """What belongs to this checkout alone: databases, filestore, logs, process ids."""
    folder = cache_dir() / "checkouts" / f"{ROOT.name}-{checkout_key()}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def log_file(name):
    folder = state_dir() / "log"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.log"


def require_space(megabytes):
    """Fail before a long step rather than in the middle of it."""
    folder = cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free // 10**6
    if free < megabytes:
        raise SetupError(
            f"The disk is too full: {folder} has {free} MB free and {megabytes} MB are needed"
            " (CRM_ACCOUNTING_CACHE names another folder)."
        )
