"""An Odoo process on one database that runs our functions, one after the other, when asked."""

import json
import subprocess

from environment.console import SetupError
from environment.paths import TESTS, log_file, state_dir
from environment.process import ending_with_us, tail


class Worker:
    """Two of them side by side let what is compared alternate within one run."""

    def __init__(self, environment, database):
        self._log = log_file(f"benchmark-{database}")
        variables = environment.environ
        variables["PYTHONPATH"] = f"{TESTS}:{variables['PYTHONPATH']}"
        with open(self._log, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                ending_with_us([environment.python, "-m", "benchmark.worker", database]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=variables,
                cwd=state_dir(),
                text=True,
            )

    def call(self, module, function, **arguments):
        """Run `function(env, **arguments)` of a module of this package; what it changes is lost.

        :return: what it returns, as JSON keeps it
        """
        request = json.dumps([module, function, arguments])
        answer = ""
        if self._process.poll() is None:
            self._process.stdin.write(f"{request}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise SetupError(f"{function} failed; the end of {self._log}:\n{tail(self._log)}")
        return json.loads(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._process.stdin.close()
        self._process.wait()
