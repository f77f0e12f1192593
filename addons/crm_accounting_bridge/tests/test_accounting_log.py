from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .common import BridgeCommon

#: With which a caller silences the chatter.
SILENT = {
    "mail_create_nolog": True,
    "mail_notrack": True,
    "tracking_disable": True,
}


@tagged("post_install", "-at_install")
class TestAccountingLog(BridgeCommon):
    """Changes by hand are logged whatever the caller's context; the log is nobody's to change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = cls._create_user("l-biller", "account.group_account_invoice")
        cls.manager = cls._create_user(
            "l-manager", "sales_team.group_sale_manager,account.group_account_manager"
        )
        cls.seller = cls._create_user("l-seller", "sales_team.group_sale_salesman_all_leads")
        cls.lead, cls.other_lead = cls.env["crm.lead"].create(
            [
                {"name": name, "type": "opportunity", "company_id": cls.company.id}
                for name in ("First", "Other")
            ]
        )

    def _get_log(self, record):
        self.env.flush_all()
        return [
            (row.user_id, row.field_name, row.old_value, row.new_value)
            for row in self.env["crm.accounting.log"]
            .sudo()
            .search([("res_model", "=", record._name), ("res_id", "=", record.id)], order="id")
        ]

    def test_links_of_invoices(self):
        invoice = self._create_deal_invoice([(100.0, self.lead), (50.0, self.lead)])
        lines = invoice.invoice_line_ids.with_user(self.biller).with_context(**SILENT)
        call_kw(lines.browse(), "write", [lines.ids, {"opportunity_id": self.other_lead.id}], {})
        self.assertEqual(
            self._get_log(invoice),
            [(self.biller, "opportunity_id", self.lead.name, self.other_lead.name)],
        )
        lines.write({"opportunity_id": self.other_lead.id})
        self.assertEqual(len(self._get_log(invoice)), 1, "nothing changed")

    def test_billing_set_by_hand(self):
        lead = self.other_lead.with_user(self.biller).with_context(**SILENT)
        lead._set_manual_billing(
            {
                "manual_billing_status": "invoiced",
                "manual_invoiced": 500.0,
                "manual_invoice_date": "2024-01-10",
                "manual_due_date": "2024-02-10",
                "manual_reason": "Books of the other program",
            }
        )
        lead.action_back_to_automatic()
        log = self._get_log(self.other_lead)
        self.assertEqual({row[0] for row in log}, {self.biller})
        changes = {row[1]: row[2:] for row in log[: len(log) // 2]}
        self.assertEqual(changes["billing_source"], ("Automatic", "Manual"))
        self.assertEqual(changes["manual_reason"], ("", "Books of the other program"))
        self.assertEqual(changes["manual_due_date"], ("", "2024-02-10"))
        self.assertIn((self.biller, "billing_source", "Manual", "Automatic"), log)

    def test_nobody_forges_or_deletes(self):
        invoice = self._create_deal_invoice([(100.0, self.lead)])
        invoice.invoice_line_ids.with_user(self.biller).opportunity_id = self.other_lead
        row = self.env["crm.accounting.log"].sudo().search([("res_id", "=", invoice.id)])
        for user in (self.biller, self.manager, self.seller):
            log = row.with_user(user)
            for method, args in (
                ("write", [{"new_value": "Mine"}]),
                ("unlink", []),
                ("copy", []),
            ):
                with self.subTest(user=user.login, method=method), self.assertRaises(AccessError):
                    call_kw(log.browse(), method, [log.ids, *args], {})
            with self.assertRaises(AccessError):
                log.browse().create({"res_model": "crm.lead", "res_id": self.lead.id})
        self.assertEqual(row.with_user(self.biller).read(["new_value"])[0]["new_value"], "Other")
        with self.assertRaises(AccessError):
            row.with_user(self.seller).read(["new_value"])

    def test_other_companies_see_nothing(self):
        stranger = self._create_user("l-stranger", "account.group_account_manager")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        invoice = self._create_deal_invoice([(100.0, self.lead)])
        invoice.invoice_line_ids.opportunity_id = self.other_lead
        log = self.env["crm.accounting.log"].with_user(stranger)
        self.assertFalse(log.search([("res_id", "=", invoice.id)]))

    def test_dialogs_are_their_creators(self):
        action_model = self.env["crm.manual.billing"]
        dialog = action_model.with_user(self.manager).create({"reason": "Other books"})
        with self.assertRaises(AccessError):
            dialog.with_user(self.biller).read(["create_uid"])
        with self.assertRaises(AccessError):
            dialog.with_user(self.biller).unlink()
        self.assertFalse(action_model.with_user(self.biller).search([("id", "=", dialog.id)]))

    def test_failures_are_not_rewritten(self):
        failure = (
            self.env["crm.stage.change.failure"]
            .sudo()
            .create({"lead_id": self.lead.id, "reason": "No"})
        )
        for user in (self.biller, self.manager):
            with self.assertRaises(AccessError):
                failure.with_user(user).write({"lead_id": self.other_lead.id})
            with self.assertRaises(AccessError):
                failure.with_user(user).write({"reason": "Because"})
