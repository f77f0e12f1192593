"""Odoo 19.0 itself: the one in ODOO_HOME, or Debian's package unpacked into the cache."""

import os
import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from .apt import Apt, require_apt, unpack
from .console import SetupError, say, step
from .lock import build_once, is_complete
from .paths import cache_dir, digest, log_file
from .process import run_logged

SERIES = "19.0"
SUITE = "sid"
# Debian's Odoo has links to the files of the other three.
PACKAGES = ["odoo-19", "libjs-jquery", "libjs-jquery-form", "libjs-underscore"]
# Debian leaves this script out, and every page of Odoo complains about it.
SELFIE_SCRIPT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
SELFIE_PACKAGE = "@mediapipe/selfie_segmentation@0.1.1675465747"
SELFIE_PLACEHOLDER = "// Video backgrounds are not blurred: this file was not available.\n"


@dataclass(frozen=True)
class Odoo:
    """An Odoo that can be run."""

    python_path: Path  # holds the Python package `odoo`
    version: str  # tells one Odoo from another, also two of the same series

    @property
    def addons_path(self):
        """The folder of Odoo's own addons; it knows by itself where `base` is."""
        folders = (self.python_path / "odoo" / "addons", self.python_path / "addons")
        return next((folder for folder in folders if (folder / "web").is_dir()), folders[0])


def find_odoo():
    home = os.environ.get("ODOO_HOME")
    if home:
        return existing_odoo(Path(home).expanduser().absolute())
    unpacked = unpacked_odoo()
    return checked(Odoo(unpacked / "usr/lib/python3/dist-packages", unpacked.name))


def existing_odoo(home):
    """The Odoo that somebody has already; nothing in it is changed."""
    if not (home / "odoo" / "release.py").is_file():
        raise SetupError(
            f"ODOO_HOME is {home}, which holds no odoo/release.py: it should be a checkout of"
            " Odoo's sources or the folder with the installed Python package odoo."
        )
    head = home / ".git" / "logs" / "HEAD"  # grows with every pull and checkout
    stamp = head if head.is_file() else home / "odoo" / "release.py"
    return checked(Odoo(home, f"home-{digest(str(home), str(stamp.stat().st_mtime_ns))}"))


def checked(odoo):
    release = (odoo.python_path / "odoo" / "release.py").read_text(encoding="utf-8")
    numbers = re.search(r"^version_info = \((.+?), (.+?),", release, re.MULTILINE)
    series = ".".join(part.strip("'\"") for part in numbers.groups()) if numbers else "unknown"
    if series != SERIES:
        raise SetupError(f"Odoo {SERIES} is needed, but {odoo.python_path} holds {series}.")
    return odoo


def unpacked_odoo():
    """Debian's Odoo in the cache; one that is there is used as it is, also without a network."""
    folder = cache_dir() / "odoo"
    complete = sorted(found for found in folder.glob("[0-9]*") if is_complete(found))
    if complete:
        return complete[-1]
    require_apt("set ODOO_HOME to the folder of an Odoo 19.0 that you have")
    downloads = folder / "download"
    build_once(downloads, "downloading Odoo", download)
    package = next(downloads.glob("odoo-19_*.deb"))
    version = package.name.split("_")[1]
    unpacked = build_once(
        folder / version, "unpacking Odoo", lambda new: unpack_odoo(downloads, new)
    )
    shutil.rmtree(downloads, ignore_errors=True)
    return unpacked


def download(folder):
    with step("Downloading Odoo (about 125 MB)"):
        apt = Apt(SUITE)
        apt.update()
        apt.download(PACKAGES, folder)


def unpack_odoo(downloads, folder):
    with step("Unpacking Odoo"):
        unpack(downloads, folder)
        addons = folder / "usr/lib/python3/dist-packages/odoo/addons"
        mend_icon_font(addons / "web" / "static")
        add_selfie_script(addons / SELFIE_SCRIPT)


def mend_icon_font(static):
    """Point the links that dangle in Debian's package to the genuine font beside them."""
    genuine = static / "src/libs/fontawesome/fonts"
    for link in (static / "lib/fontawesome/fonts").glob("fontawesome-webfont.*"):
        font = genuine / link.name
        if not link.exists() and font.is_file():
            link.unlink()
            shutil.copyfile(font, link)


def add_selfie_script(target):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(published_selfie_script(target.parent) or SELFIE_PLACEHOLDER.encode())


def published_selfie_script(folder):
    """The script from npm, or None with a notice."""
    log = log_file("npm")
    command = ["npm", "pack", SELFIE_PACKAGE, "--pack-destination", folder]
    if not shutil.which("npm") or run_logged(command, log, allow_failure=True, cwd=folder):
        say(
            "  note: npm could not give one script of Odoo's video calls, so backgrounds stay sharp"
        )
        return None
    archive = next(folder.glob("*.tgz"))
    with tarfile.open(archive) as package:
        script = package.extractfile("package/selfie_segmentation.js").read()
    archive.unlink()
    return script
