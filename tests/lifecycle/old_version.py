"""Version 19.0.1 of our addons, out of the repository's history."""

import io
import shutil
import subprocess
import tarfile
from dataclasses import replace

from environment.paths import ROOT, state_dir

#: The last commit of version 19.0.1, which people upgrade from.
LAST_COMMIT = "93ea1eca69f0ba52af380fb693b044460da7571b"


def missing_history():
    """Why the old version cannot be had here; None in a clone with its history."""
    if not (ROOT / ".git").exists():
        return "this is no clone of the repository, so that there is no older version"
    if not shutil.which("git"):
        return "git is not installed, so that there is no older version"
    if git("rev-parse", "--is-shallow-repository") == b"true\n" and not has_commit():
        return f"the clone is shallow: it does not reach back to {LAST_COMMIT}"
    return None


def has_commit():
    return not call_git("cat-file", "-e", f"{LAST_COMMIT}^{{commit}}").returncode


def old_environment(environment):
    """The same Odoo with the addons of the old version in the place of ours."""
    folder = state_dir() / f"addons-{LAST_COMMIT[:10]}"
    shutil.rmtree(folder, ignore_errors=True)
    archive = git("archive", "--format=tar", LAST_COMMIT, "addons")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return replace(environment, addons=folder / "addons")


def old_addons(environment):
    return sorted(file.parent.name for file in environment.addons.glob("*/__manifest__.py"))


def git(*arguments):
    done = call_git(*arguments)
    assert not done.returncode, done.stderr.decode()
    return done.stdout


def call_git(*arguments):
    return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, check=False)
