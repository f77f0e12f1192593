"""Chromium for the tests: the machine's own, or Debian's unpacked into the cache."""

import ctypes
import os
import platform
import shutil
from pathlib import Path

from .apt import Apt, require_apt, unpack
from .console import SetupError, step
from .lock import build_once
from .paths import cache_dir
from .process import run_quiet

NAMES = ["google-chrome", "chromium", "chromium-browser", "google-chrome-stable"]
FONTS = Path("/usr/share/fonts")
FONT_PACKAGE = "fonts-dejavu-core"
# Playwright brings a program that needs this library, which a small system lacks.
PLAYWRIGHT_LIBRARY = "libatomic.so.1"
PLAYWRIGHT_LIBRARY_PACKAGE = "libatomic1"

WRAPPER = """\
#!/bin/sh
# Chromium with the libraries and fonts that were unpacked beside it.
root="$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")/root"
export LD_LIBRARY_PATH="{libraries}"
export FONTCONFIG_FILE="${{root%/root}}/fonts.conf"
exec "$root/usr/lib/chromium/chromium" "$@"
"""
FONT_CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/root/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir prefix="xdg">fonts</dir>
  <cachedir>{folder}/fontconfig</cachedir>
</fontconfig>
"""


def find_browser():
    """The browser's path."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    require_apt("please install Chromium")
    folder = cache_dir() / "browser" / platform.machine()
    return build_once(folder, "preparing a browser", create) / "bin" / "chromium"


def find_library_folder():
    """Folder of the library that Playwright needs, or None if the system has it."""
    try:
        ctypes.CDLL(PLAYWRIGHT_LIBRARY)
    except OSError:
        require_apt(f"please install the library {PLAYWRIGHT_LIBRARY}")
        folder = cache_dir() / "browser" / f"{platform.machine()}-library"
        build_once(folder, "getting a library", get_library)
        return next(folder.rglob(PLAYWRIGHT_LIBRARY)).parent
    return None


def get_library(folder):
    apt = Apt()
    apt.update()
    apt.download([PLAYWRIGHT_LIBRARY_PACKAGE], folder / "packages")
    unpack(folder / "packages", folder / "root")


def create(folder):
    with step("Getting Chromium (about 100 MB)"):
        apt = Apt()
        apt.update()
        packages = apt.needed_for("chromium")
        if not any(FONTS.rglob("*.ttf")) and not any("fonts-" in name for name in packages):
            packages += [FONT_PACKAGE]
        apt.download(packages, folder / "packages")
        unpack(folder / "packages", folder / "root")
        shutil.rmtree(folder / "packages")
        write_wrapper(folder)
        check_that_it_draws(folder)


def write_wrapper(folder):
    root = folder / "root"
    if not (root / "usr/lib/chromium/chromium").exists():
        raise SetupError("This system's package chromium holds no browser: please install one.")
    libraries = sorted({file.parent for file in root.rglob("lib*.so*")}, key=lambda p: len(p.parts))
    path = ":".join(f"$root/{library.relative_to(root)}" for library in libraries)
    wrapper = folder / "bin" / "chromium"
    wrapper.parent.mkdir()
    wrapper.write_text(WRAPPER.format(libraries=path))
    wrapper.chmod(0o755)
    (folder / "fonts.conf").write_text(FONT_CONFIGURATION.format(folder=folder))


def check_that_it_draws(folder):
    picture = folder / "picture.png"
    run_quiet(
        [
            folder / "bin" / "chromium",
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            f"--user-data-dir={folder / 'profile'}",
            f"--screenshot={picture}",
            "data:text/html,<h1>Invoices</h1>",
        ],
        env={**os.environ, "HOME": str(folder)},
        timeout=120,
    )
    if not picture.exists():
        raise SetupError("Debian's Chromium does not start here: please install Chromium.")
    shutil.rmtree(folder / "profile", ignore_errors=True)
