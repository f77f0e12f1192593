"""tests/: what no single addon owns, run by pytest."""

import subprocess
from xml.etree import ElementTree

from .browser import find_library_folder
from .paths import ROOT, state_dir
from .results import Results


def test_repository(environment, paths, options):
    """Run pytest on the paths and return the results; what fails is printed by pytest."""
    report = state_dir() / "pytest.xml"
    report.unlink(missing_ok=True)
    environ = environment.environ
    library_folder = find_library_folder()
    if library_folder:
        environ["LD_LIBRARY_PATH"] = str(library_folder)
    done = subprocess.run(
        [
            *(str(environment.python), "-m", "pytest", "-q", f"--junitxml={report}"),
            *(*options, *paths),
        ],
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env=environ,
        check=False,
    )
    results = Results("pytest")
    if report.exists():
        count(ElementTree.parse(report).getroot(), results)
    if done.returncode and not results.failures:
        results.fail(f"pytest ended with status {done.returncode}")
    return results


def count(report, results):
    """Count the test cases in pytest's report; a test and its clean-up may both fail."""
    for case in report.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        results.times.append((float(case.get("time", 0)), name))
        if case.find("skipped") is not None:
            results.skipped += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            results.fail(name, "see above")
        else:
            results.passed += 1
