"""Running other programs, and knowing a process that we started from one that took its number."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .console import SetupError, say, seconds_since

SECONDS_BETWEEN_SIGNS_OF_LIFE = 15

# Open files that the programs we run hold on to, see lock.py.
inherited = set()


def ending_with_us(command):
    """The command, killed by the system if we are, so that no half-done work goes on unseen."""
    prefix = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
    return [*prefix, *(str(part) for part in command)]


def tail(path, lines=15):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def run_logged(command, log, progress=None, allow_failure=False, **options):
    """Run a long command with its output in the file `log`, and show that it is alive.

    :param progress: function from what was newly logged to a word about how far it is, or None
    :param allow_failure: return the exit status instead of raising a SetupError
    """
    start = last_sign = time.monotonic()
    word = None
    with open(log, "w", encoding="utf-8") as output, open(log, errors="replace") as logged:
        process = subprocess.Popen(
            ending_with_us(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=inherited,
            **options,
        )
        while process.poll() is None:
            time.sleep(0.2)
            if time.monotonic() - last_sign > SECONDS_BETWEEN_SIGNS_OF_LIFE:
                last_sign = time.monotonic()
                word = (progress(logged.read()) if progress else None) or word
                say(f"  ... {word + ', ' if word else ''}{seconds_since(start)}")
    if process.returncode and not allow_failure:
        raise failure(command, log)
    return process.returncode


def failure(command, log):
    last_lines = tail(log)
    if "No space left on device" in last_lines:
        return SetupError(f"The disk is full; {Path(str(command[0])).name} could not go on.")
    return SetupError(
        f"{Path(str(command[0])).name} failed; the end of {log}:\n{last_lines or '(empty)'}"
    )


def run_quiet(command, **options):
    """Run a short command and return what it prints; a SetupError if it fails."""
    done = subprocess.run(
        ending_with_us(command),
        stdin=subprocess.DEVNULL,
        pass_fds=inherited,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        **options,
    )
    if done.returncode:
        reason = " ".join(done.stderr.split())
        raise SetupError(f"{Path(str(command[0])).name} failed: {reason}")
    return done.stdout


def identity(pid):
    """When the process started: tells it from a later one with its number. None if it ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, started = fields[0], fields[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if state == "Z" else f"{boot} {started}"


def command_line(pid):
    """What the process runs; empty if it ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (OSError, UnicodeDecodeError):
        return ""


def end(pid, known_identity, gently=signal.SIGTERM, patience=30):
    """End the process unless its number belongs to another one by now."""
    deadline = time.monotonic() + patience
    number = gently
    while identity(pid) == known_identity:
        if number:
            os.kill(pid, number)
        number = None
        if time.monotonic() > deadline:
            number = signal.SIGKILL
        time.sleep(0.1)
