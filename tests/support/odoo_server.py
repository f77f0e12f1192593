"""A real Odoo on a free port, on a fresh database with our addons and demo data."""

import json
import re

from environment import odoo_log, server
from environment.addons import our_addons
from environment.databases import Databases
from environment.paths import checkout_key, log_file

from .external_api import ExternalApi

MAKE_API_KEYS = """
import datetime, json
day = datetime.datetime.now() + datetime.timedelta(days=1)
keys = {}
for user in env["res.users"].search([("share", "=", False)]):
    keys[user.login] = env(user=user.id)["res.users.apikeys"].sudo()._generate(None, "tests", day)
env.cr.commit()
print("API keys: " + json.dumps(keys))
"""


class OdooServer:
    """The server that the end-to-end tests share."""

    def __init__(self, environment):
        self.environment = environment
        self.database = f"e2e_{checkout_key()}"
        self.log = log_file("e2e")
        self._databases = Databases(environment)
        self._server = None
        self._keys = {}
        self._expected = []
        self._seen = 0

    # -- life ----------------------------------------------------------------

    def start(self):
        self.log.unlink(missing_ok=True)
        databases = self._databases
        databases.copy(databases.template(demo=True, with_ours=True), self.database)
        output = self.environment.shell(self.database, MAKE_API_KEYS)
        self._keys = json.loads(re.search(r"^API keys: (.*)$", output, re.MULTILINE)[1])
        self.restart()

    def restart(self):
        """Start, or start again: scheduled actions run as in a real installation."""
        if self._server:
            self._server.stop()
        self._server = server.start(
            self.environment, self.database, server.free_port(), self.log, append=True
        )
        self._server.wait_for_login_page()

    def stop(self):
        if self._server:
            self._server.stop()
        self._databases.drop(self.database)

    # -- ways in -------------------------------------------------------------

    @property
    def url(self):
        return self._server.address

    @property
    def logins(self):
        return set(self._keys)

    def api(self, login="admin"):
        """The external API for this user."""
        return ExternalApi(self.url, self.database, self._keys[login])

    # -- the log -------------------------------------------------------------

    def expect_in_log(self, pattern):
        """For a test that provokes a message: allow it to the end of the test."""
        self._expected.append(re.compile(pattern))

    def new_problems(self):
        """Warnings, errors and tracebacks since the last call, but for the expected ones."""
        problems = odoo_log.problems(odoo_log.read_log(self.log), our_addons())
        texts = [problem.text for problem in problems]
        new, self._seen = texts[self._seen :], len(texts)
        expected, self._expected = self._expected, []
        return [text for text in new if not any(pattern.search(text) for pattern in expected)]
