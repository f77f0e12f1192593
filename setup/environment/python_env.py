"""The virtual environment with what Odoo, the tests and the linters need."""

import importlib.util
import sys
import zipfile
from pathlib import Path

from .apt import Apt, require_apt, unpack
from .console import step
from .lock import build_once
from .paths import ROOT, cache_dir, digest, log_file
from .process import run_logged, run_quiet

REQUIREMENTS = [
    ROOT / "setup" / "requirements-odoo.txt",
    ROOT / "setup" / "requirements-test.txt",
    ROOT / "requirements.txt",
]


def find_python():
    """Python of an environment made for exactly these requirements and this Python."""
    texts = [file.read_text(encoding="utf-8") for file in REQUIREMENTS]
    key = digest(sys.version, str(Path(sys.executable).resolve()), *texts)
    folder = cache_dir() / "python" / key
    return build_once(folder, "preparing the Python environment", create) / "bin" / "python"


def site_packages(python):
    return next(python.parent.parent.glob("lib/python3.*/site-packages"))


def create(folder):
    with step("Preparing the Python environment (about 3 minutes the first time)"):
        has_pip = importlib.util.find_spec("ensurepip") is not None
        options = [] if has_pip else ["--without-pip"]
        run_quiet([sys.executable, "-m", "venv", *options, folder])
        python = folder / "bin" / "python"
        if not has_pip:
            add_debian_pip(folder, python)
        files = [word for file in REQUIREMENTS for word in ("-r", file)]
        run_logged(
            [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *files],
            log_file("pip"),
            progress=last_collected,
            cwd=folder,
        )


def last_collected(text):
    """What pip's log says last about where it is."""
    lines = [line.strip() for line in text.splitlines()]
    words = ("Collecting", "Downloading", "Installing", "Building")
    return next((line[:60] for line in reversed(lines) if line.startswith(words)), None)


def add_debian_pip(folder, python):
    """Debian splits pip off its Python: take it from its package, without installing that."""
    require_apt("please install python3-venv")
    apt = Apt()
    apt.update()
    apt.download(["python3-pip-whl"], folder / "debian")
    unpack(folder / "debian", folder / "debian")
    wheel = next(folder.glob("debian/usr/share/python-wheels/pip-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site_packages(python))
