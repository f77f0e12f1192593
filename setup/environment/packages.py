"""Python packages that only some tests need, and addons of others among them, as pip finds them."""

import sys

from .lock import build_once
from .paths import cache_dir, digest, log_file
from .process import run_logged


def find_packages(environment, requirements):
    """A folder with exactly these packages, for PYTHONPATH; pip asks what it is configured to ask.

    :param requirements: a file with all of them in fixed versions.
    """
    key = digest(sys.version, requirements.read_text(encoding="utf-8"))
    command = [environment.python, "-m", "pip", "install", "--no-input", "--no-deps"]
    options = ["--disable-pip-version-check", "-r", requirements, "--target"]
    return build_once(
        cache_dir() / "packages" / key,
        "getting packages for tests",
        lambda folder: run_logged(
            [*command, *options, folder], log_file("pip-packages"), cwd=folder.parent
        ),
    )
