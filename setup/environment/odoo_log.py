"""Reading Odoo's log: what went wrong in it, and which tests ran."""

import re
from dataclasses import dataclass

RECORD = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \d+ (?P<level>[A-Z]+) \S+ (?P<logger>\S+?): "
)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TRACEBACK = "Traceback (most recent call last)"
TEST_LOGGER = re.compile(r"odoo\.addons\.(?P<addon>\w+)\.tests\.(?P<module>\w+)")
TEST_TOTAL = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading database")

# Messages of Odoo itself that mean nothing to us: logger, text, and why they may stay. One that
# names an addon of ours is never passed over.
KNOWN = [
    # The set-up may run as root, as in a container; the server listens on this machine only.
    (r"py\.warnings|odoo\.cli\.server", r"Running as user 'root' is a security risk"),
    # Odoo's own online services, e.g. completion of company data, without a network.
    (r"odoo\.addons\.(iap|partner_autocomplete)\.", r"(iap jsonrpc|Autocomplete API error)"),
    # Two pages of one person write what they have read in Discuss; Odoo tries again by itself.
    (r"odoo\.sql_db", r'UPDATE "(discuss|mail)_\w+"[\s\S]*could not serialize access'),
    # Odoo's replenishment and its daily clean-up change the same rows; the next run does it.
    (
        r"odoo\.(sql_db|addons\.(stock\.models\.stock_rule|base\.models\.ir_cron))",
        r"(stock_warehouse_orderpoint|stock scheduler|Procurement: run scheduler)"
        r"[\s\S]*could not serialize access",
    ),
    # Odoo's payment terms translate inside a list comprehension, which Python before 3.12 puts
    # between the text and its language.
    (r"odoo\.tools\.translate", r"no translation language.*/account/models/account_payment_term"),
]


@dataclass(frozen=True)
class Record:
    """One message of Odoo's log with all its lines."""

    level: str
    logger: str
    text: str

    @property
    def message(self):
        return self.text.split(f"{self.logger}: ", 1)[-1]

    @property
    def is_failed_test(self):
        return self.level == "ERROR" and self.message.startswith(("FAIL: ", "ERROR: "))


def read_log(path):
    """The records of a log; lines without a head belong to the record before them."""
    records = []
    head, lines = None, []

    def finish():
        if lines:
            level, logger = (head["level"], head["logger"]) if head else ("INFO", "")
            records.append(Record(level, logger, "\n".join(lines)))

    with open(path, encoding="utf-8", errors="replace") as file:
        for raw in file:
            line = COLOURS.sub("", raw.rstrip("\n"))
            found = RECORD.match(line)
            if found:
                finish()
                head, lines = found, []
            lines.append(line)
    finish()
    return records


def problems(records, ours):
    """Warnings, errors and tracebacks that nobody may overlook; failed tests are told apart."""
    return [
        record
        for record in records
        if (record.level in ("WARNING", "ERROR", "CRITICAL") or TRACEBACK in record.text)
        and not record.is_failed_test
        and not TEST_TOTAL.search(record.text)
        and not is_known(record, ours)
    ]


def is_known(record, ours):
    # The stack that Odoo adds to some messages names whoever called it, also our tests.
    said = record.text.partition("\nStack (most recent call last)")[0]
    if any(re.search(rf"\b{addon}\b", said) for addon in ours):
        return False
    return any(
        re.search(logger, record.logger) and re.search(text, record.text) for logger, text in KNOWN
    )


def started_tests(records):
    """The test modules that ran, as pairs of addon and module."""
    found = (
        TEST_LOGGER.fullmatch(record.logger)
        for record in records
        if record.message.startswith("Starting ")
    )
    return {(match["addon"], match["module"]) for match in found if match}
