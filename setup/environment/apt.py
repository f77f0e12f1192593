"""Debian packages without root: lists and downloads in folders of our own.

The mirror is the one that the machine's own apt uses, the signing key the one that Debian's
keyring package put on the disk, and every signature is checked.
"""

import os
import shutil
from pathlib import Path

from .console import SetupError
from .paths import cache_dir, log_file
from .process import run_logged, run_quiet

KEYRINGS = Path("/usr/share/keyrings")

CONFIGURATION = """\
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
APT::Default-Release "";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""
OTHER_SUITE = """\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
"""


def require_apt(alternative):
    if not all(map(shutil.which, ("apt-get", "dpkg-deb"))):
        raise SetupError(f"There is no apt on this machine to get packages with: {alternative}.")


def machine_indexes():
    """The package indexes of the machine's own apt configuration, as dictionaries."""
    text = run_quiet(["apt-get", "indextargets"])
    return [
        dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line)
        for stanza in text.split("\n\n")
        if stanza.strip()
    ]


def debian_mirror():
    """Address of the Debian archive in the machine's own apt configuration."""
    for index in machine_indexes():
        address = index.get("Repo-URI", "")
        is_archive = index.get("Component") == "main" and "security" not in address
        # Origin is known only after an `apt-get update` of the machine's own.
        if is_archive and index.get("Origin", "Debian") == "Debian" and address:
            return address
    raise SetupError(
        "The machine's apt configuration names no Debian archive to get Odoo from;"
        " set ODOO_HOME to the folder of an Odoo 19.0 that you have."
    )


def debian_keyring():
    for name in ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg"):
        if (KEYRINGS / name).exists():
            return KEYRINGS / name
    raise SetupError(
        "Debian's signing keys are missing: please install the package debian-archive-keyring."
    )


class Apt:
    """An apt with its own lists of the machine's suites, or of one other Debian suite."""

    def __init__(self, suite=None):
        self.suite = suite
        self.log = log_file(f"apt-{suite or 'machine'}")
        self.folder = cache_dir() / "apt" / (suite or "machine")
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        configuration = CONFIGURATION
        if suite:
            configuration += OTHER_SUITE
            (self.folder / "sources.list").write_text(
                f"deb [signed-by={debian_keyring()}] {debian_mirror()} {suite} main\n"
            )
        self.configuration = self.folder / "apt.conf"
        self.configuration.write_text(configuration.format(folder=self.folder))
        self.environ = {**os.environ, "LC_ALL": "C"}

    def update(self):
        """Get the lists; a source of the machine's own that does not answer is not our matter."""
        strict = ["-o", "APT::Update::Error-Mode=any"] if self.suite else []
        run_logged(self._command("update", "-q", *strict), self.log, env=self.environ)

    def needed_for(self, *packages):
        """`name=version` of the packages and of all that this machine lacks for them."""
        lines = run_quiet(
            self._command("install", "--simulate", "--no-install-recommends", *packages),
            env=self.environ,
        ).splitlines()
        installed = (line.split() for line in lines if line.startswith("Inst "))
        return [
            f"{words[1]}={next(w for w in words[2:] if w.startswith('(')).strip('(')}"
            for words in installed
        ]

    def download(self, packages, folder):
        """Download the packages; what is there already, whole and unchanged, is kept."""
        folder.mkdir(parents=True, exist_ok=True)
        run_logged(
            self._command("download", "-q", *packages),
            self.log,
            progress=lambda _: f"{megabytes(folder)} MB",
            cwd=folder,
            env=self.environ,
        )

    def _command(self, action, *arguments):
        return ["apt-get", "-c", self.configuration, action, *arguments]


def megabytes(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) // 10**6


def unpack(folder, target):
    """Unpack every downloaded package in the folder."""
    for package in sorted(folder.glob("*.deb")):
        run_quiet(["dpkg-deb", "--extract", package, target])
