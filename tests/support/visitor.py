"""A person with a browser, and what went wrong in it."""

from dataclasses import dataclass, field

HARMLESS = (
    # A page that is left while it loads something.
    "net::ERR_ABORTED",
)


@dataclass
class Visitor:
    """A logged-in page; `problems` are errors in the console, failed requests and exceptions."""

    page: object
    url: str
    problems: list = field(default_factory=list)

    def __post_init__(self):
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        self.page.on("requestfailed", self._on_failed_request)
        self.page.on("response", self._on_response)

    def log_in(self, login, password):
        self.page.goto(f"{self.url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_web_client")

    def open(self, path):
        """Open a page of Odoo and wait until its first view is there."""
        self.page.goto(f"{self.url}{path}")
        self.page.wait_for_selector(".o_action_manager > *")

    def _on_console(self, message):
        if message.type == "error":
            self.problems.append(f"console: {message.text}")

    def _on_failed_request(self, request):
        if request.failure not in HARMLESS:
            self.problems.append(f"request failed: {request.url} {request.failure}")

    def _on_response(self, response):
        if response.status >= 400:
            self.problems.append(f"answer {response.status}: {response.url}")
