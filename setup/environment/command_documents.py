"""setup/documents: the addons' README.rst and description pages."""

import subprocess

from .paths import ROOT
from .python_env import find_python


def main(arguments):
    command = [find_python(), ROOT / "setup" / "documents.py", *arguments]
    return subprocess.run(list(map(str, command)), check=False).returncode
