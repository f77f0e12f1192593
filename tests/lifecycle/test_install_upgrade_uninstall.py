"""Our addons come to a database full of invoices, are upgraded, and leave without a trace."""

import datetime
import json
import os
import random

import pytest

from environment import odoo_log
from environment.addons import our_addons
from environment.databases import Databases
from environment.paths import TESTS, checkout_key, log_file

#: A customer is overdue, flagged, promises to pay and is on hold; an order of it is let pass. An
#: invoice of Odoo's own demo data becomes a deal's, and is paid.
USE = """
import json
from dateutil.relativedelta import relativedelta
from odoo import Command
company = env.ref("base.main_company")
lead = env["crm.lead"].search(
    [
        ("type", "=", "opportunity"),
        ("stage_id.is_won", "=", False),
        ("company_id", "in", (False, company.id)),
    ],
    limit=1,
)
invoice = env["account.move"].search(
    [
        ("move_type", "=", "out_invoice"),
        ("state", "=", "posted"),
        ("payment_state", "=", "not_paid"),
        ("company_id", "=", company.id),
    ],
    limit=1,
)
today = company._get_today()
customer = env["res.partner"].create({"name": "Late", "is_company": True})
env["account.move"].create(
    {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": today - relativedelta(days=90),
        "invoice_date_due": today - relativedelta(days=60),
        "invoice_payment_term_id": False,
        "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 500})],
    }
).action_post()
policy = env["crm.customer.health.policy"]._get_policy(company)
policy.write(
    {
        "threshold_ids": [Command.create({"amount": 1, "days": 1})],
        "fallback_user_id": env.ref("base.user_admin").id,
        "order_hold": "block",
    }
)
env["crm.customer.health"]._refresh(company)
run = env["crm.customer.flag.run"]._start(company)
while not run.finished_at:
    run._do_batch()
flag = env["crm.customer.flag"]._get_open(company, customer)
assert flag.activity_id, "the customer is flagged"
flag.activity_id.action_feedback("Called them.")
env["crm.payment.promise"].create(
    {
        "partner_id": customer.id,
        "company_id": company.id,
        "amount": 10,
        "date": today + relativedelta(days=7),
    }
)
customer.with_company(company).hold_policy = "always"
order = env["sale.order"].create({"partner_id": customer.id, "company_id": company.id})
order._validate_order()
assert order.state == "draft", "the signed order waits"
order._override_hold("The bank called.")
order.action_confirm()
assert order.state == "sale"
invoice.opportunity_id = lead
wizard = env["account.payment.register"].with_context(
    active_model="account.move", active_ids=invoice.ids
)
wizard.create({})._create_payments()
env.cr.commit()
lead._cron_read_changes()
lead.invalidate_recordset()
print("DEAL " + json.dumps([lead.id, lead.stage_id.name, lead.billing_status, lead.paid_total]))
"""
LOOK = """
import json
lead = env["crm.lead"].browse(%d)
print("DEAL " + json.dumps([lead.id, lead.stage_id.name, lead.billing_status, lead.paid_total]))
"""
#: In a copy for tests somebody posts an invoice, each action of ours is started by hand, and the
#: queue of e-mails too, which is not empty.
USE_NEUTRALISED = """
import json
from odoo import Command
addons = %r
data = env["ir.model.data"].search([("model", "=", "ir.cron"), ("module", "in", addons)])
crons = env["ir.cron"].with_context(active_test=False).browse(data.mapped("res_id"))
env["account.move"].with_context(default_move_type="out_invoice").create(
    {
        "partner_id": env["res.partner"].create({"name": "Copy"}).id,
        "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 500})],
    }
).action_post()
env.cr.commit()
env.cr.execute("SELECT id FROM ir_cron WHERE active AND id = ANY(%%s)", [crons.ids])
scheduled = [cron_id for [cron_id] in env.cr.fetchall()]
ready = [job["cron_name"] for job in env["ir.cron"]._get_all_ready_jobs(env.cr)]
names = set(crons.mapped("cron_name"))
env.cr.commit()
for cron in crons:
    cron.method_direct_trigger()
mail = env["mail.mail"].create({"email_to": "somebody@example.com", "subject": "Copy"})
env["mail.mail"].process_email_queue()
env.cr.commit()
print("DEAL " + json.dumps({
    "actions": len(crons),
    "scheduled": scheduled,
    "ready": [name for name in ready if name in names],
    "sent": env["mail.mail"].search_count([("state", "=", "sent")]),
    "queued": mail.exists().state,
}))
"""
#: After some addons left: Odoo's own views open, the windows of ours that stayed, and an invoice is
#: posted.
GO_ON = """
import sys
sys.path.insert(0, %r)
from lifecycle import inside
inside.go_on(env, %r)
"""
UNINSTALL = """
modules = env["ir.module.module"].search([("name", "in", %r)])
modules.button_immediate_uninstall()
"""

#: What must be the same before and after, by name of what is compared.
TRACES = {
    "tables": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    "columns": "SELECT table_name || '.' || column_name FROM information_schema.columns"
    " WHERE table_schema = 'public'",
    "indexes": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "fields": "SELECT model || '.' || name FROM ir_model_fields",
    "views": "SELECT key || name FROM ir_ui_view",
    "actions": "SELECT type || id || name::text FROM ir_actions",
    "constraints": "SELECT conrelid::regclass || '.' || conname FROM pg_constraint",
    "triggers": "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "sequences": "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'",
    "models": "SELECT model FROM ir_model",
    "groups": "SELECT id || name::text FROM res_groups",
    "selections": "SELECT field_id || value FROM ir_model_fields_selection",
    "templates": "SELECT id || name::text FROM mail_template",
    "number sequences": "SELECT id || name FROM ir_sequence",
    "assets": "SELECT path FROM ir_asset",
    "subtypes": "SELECT id || name::text FROM mail_message_subtype",
    "menus": "SELECT id || name::text FROM ir_ui_menu",
    "rules": "SELECT name FROM ir_rule",
    "rights": "SELECT name FROM ir_model_access",
    "scheduled actions": "SELECT cron_name FROM ir_cron",
    "parameters": "SELECT key FROM ir_config_parameter",
    "stages": "SELECT id || name::text FROM crm_stage",
    "mixins": "SELECT model.model || '<' || parent.model FROM ir_model_inherit inherit"
    " JOIN ir_model model ON model.id = inherit.model_id"
    " JOIN ir_model parent ON parent.id = inherit.parent_id",
    "activity types": "SELECT name::text FROM mail_activity_type",
    "defaults": "SELECT field_id || json_value FROM ir_default",
    "external ids": "SELECT module || '.' || name FROM ir_model_data"
    # Odoo keeps a list of all addons that it can install.
    " WHERE module NOT LIKE '\\_\\_%' AND model != 'ir.module.module'",
}
LEDGER = (
    "SELECT COUNT(*), SUM(debit), SUM(amount_residual) FROM account_move_line"
    " WHERE parent_state = 'posted'"
)


#: So many addons leave one after the other before the ground does.
STEPS = int(os.environ.get("LIFECYCLE_STEPS", "2"))


class FullDatabase:
    """A copy of the database with Odoo's own demo invoices and opportunities."""

    def __init__(self, environment):
        self.environment = environment
        self.databases = Databases(environment)
        self.name = f"lifecycle_{checkout_key()}"
        self.log = log_file("lifecycle")
        self.log.unlink(missing_ok=True)
        self.databases.copy(self.databases.template(demo=True), self.name)
        # The invoices stay; ours come without demo data, as to a database that is in use.
        self.databases.query("UPDATE ir_module_module SET demo = FALSE", self.name)

    def traces(self):
        return {
            title: {row[0] for row in self.databases.query(query, self.name)}
            for title, query in TRACES.items()
        }

    def ledger(self):
        return self.databases.query(LEDGER, self.name)

    def copied(self, title):
        """The same in a database of its own, until it is dropped with this one."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__, name=f"{self.name}_{title}")
        self.databases.copy(self.name, copy.name)
        return copy

    def run(self, *arguments):
        self.environment.run(
            self.log, "-d", self.name, *arguments, "--stop-after-init", "--no-http"
        )
        assert not odoo_log.problems(odoo_log.read_log(self.log), our_addons())

    def shell(self, code):
        """Run code in Odoo's shell and return the deal that it prints, if any."""
        for line in self.environment.shell(self.name, code).splitlines():
            if line.startswith("DEAL "):
                return json.loads(line.removeprefix("DEAL "))
        return None


@pytest.fixture(scope="module")
def full_database(environment):
    database = FullDatabase(environment)
    yield database
    for title in ("neutralised", "one"):
        database.databases.drop(f"{database.name}_{title}")
    database.databases.drop(database.name)


def test_install_use_upgrade_uninstall(full_database):
    database = full_database
    traces, ledger = database.traces(), database.ledger()
    ours = our_addons()

    database.run("-i", ",".join(ours))
    assert database.ledger() == ledger, "installing changes no entry"
    assert database.databases.query(
        "SELECT COUNT(*) FROM crm_lead WHERE billing_status IS NULL", database.name
    ) == [["0"]]

    deal, stage, status, paid = database.shell(USE)
    assert (stage, status) == ("Paid", "paid")
    assert paid > 0

    database.run("-u", ",".join(ours))
    assert database.shell(LOOK % deal) == [deal, "Paid", "paid", paid]

    assert_neutralised_is_silent(database.copied("neutralised"))
    assert_leave_one_after_the_other(database.copied("one"), traces)

    used_ledger = database.ledger()
    database.shell(UNINSTALL % (ours,))
    assert_nothing_is_left(database, traces)
    assert database.ledger() == used_ledger, "uninstalling changes no entry"
    assert database.databases.query(
        f"SELECT COUNT(*) FROM crm_lead WHERE id = {deal} AND stage_id IS NOT NULL", database.name
    ) == [["1"]]

    database.run("-i", ",".join(ours))
    assert database.databases.query(
        f"SELECT billing_status FROM crm_lead WHERE id = {deal}", database.name
    ) == [["none"]], "the link went with the addon"


def assert_nothing_is_left(database, traces):
    left = database.traces()
    for title, before in traces.items():
        ours_left = sorted(left[title] - before)
        assert not ours_left, f"left among the {title}: {ours_left}"
        assert not before - left[title], f"nothing of Odoo's is gone from the {title}"


def assert_leave_one_after_the_other(copy, traces):
    """In an order of today's; what stays goes on, and the last leaves nothing."""
    seed = datetime.date.today().isoformat()
    draw = random.Random(seed)
    ledger, left = copy.ledger(), []
    try:
        while ours := sorted(copy.databases.installed(copy.name) & set(our_addons())):
            # An addon goes with all that stand on it, the ground with everything.
            is_last = len(left) >= STEPS
            left.append("account_receivable_settlement" if is_last else draw.choice(ours))
            copy.shell(UNINSTALL % ([left[-1]],))
            stayed = sorted(copy.databases.installed(copy.name) & set(our_addons()))
            copy.shell(GO_ON % (str(TESTS), stayed))
        assert_nothing_is_left(copy, traces)
    except Exception as error:
        raise AssertionError(f"{left} left in this order (seed {seed})") from error
    assert copy.ledger() == ledger, "uninstalling changes no entry"


def assert_neutralised_is_silent(copy):
    """Nothing of ours is scheduled or due in it, and what is started by hand sends nothing."""
    sent = "SELECT COUNT(*) FROM mail_mail WHERE state = 'sent'"
    [[before]] = copy.databases.query(sent, copy.name)
    copy.environment.run(copy.log, "neutralize", "-d", copy.name)
    found = copy.shell(USE_NEUTRALISED % (our_addons(),))
    assert found.pop("actions") > 10
    assert found == {"scheduled": [], "ready": [], "sent": int(before), "queued": "exception"}
