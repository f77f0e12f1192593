from collections import defaultdict

from odoo import SUPERUSER_ID
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.tests.common import ReceivableCommon

#: Says with a traceback why a deal could not follow.
STAGE_LOGGER = "odoo.addons.crm_accounting_bridge.models.crm_lead.stage"

#: What the shares of settlements that make a figure count as.
COUNTED_AS = {
    "paid_total": ("paid", "matched"),
    "discount_total": ("discount",),
    "written_off_total": ("written_off",),
}


class BridgeCommon(ReceivableCommon):
    """Deals, invoices and payments, made as people make them.

    Runs as an accountant who is also a sales administrator; what a role may do is tested with
    users of that role.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stage_new = cls.env["crm.stage"].create({"name": "Test New", "sequence": -10})
        cls.stage_won = cls.env.ref("crm.stage_lead4")
        cls.stage_invoiced = cls.env.ref("crm_accounting_bridge.crm_stage_invoiced")
        cls.stage_paid = cls.env.ref("crm_accounting_bridge.crm_stage_paid")

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("sales_team.group_sale_manager")

    @classmethod
    def _create_deal(cls, name="Deal", **values):
        return cls.env["crm.lead"].create(
            {
                "name": name,
                "type": "opportunity",
                "partner_id": cls.partner.id,
                "company_id": cls.company.id,
                "stage_id": cls.stage_new.id,
                **values,
            }
        )

    @classmethod
    def _create_deal_invoice(cls, lines, **values):
        """An invoice from ``[(amount, deal), ...]``; further values as of ``_create_document``."""
        return cls._create_document(
            [
                {"price_unit": amount, "opportunity_id": deal.id if deal else False}
                for amount, deal in lines
            ],
            **values,
        )

    @classmethod
    def _follow_accounting(cls):
        """End the transaction, and have the deals follow as the scheduler does within seconds.

        The scheduled action does the same, as the system, with commits in between.
        """
        cls.env.cr.flush()
        cls.env.invalidate_all()
        changes = cls.env(user=SUPERUSER_ID, context={})["account.receivable.change"]
        marks = [("reader", "=", "crm.lead"), ("res_id", "=", 0), ("failure", "=", False)]
        while changes._work_off("crm.lead") or changes.search_count(marks):
            pass
        cls.env.cr.flush()
        cls.env.invalidate_all()

    def _flush(self):
        self._follow_accounting()

    def assertFigures(self, deal, **expected):
        """Compare figures of a deal; those not named must be zero."""
        names = (
            "invoiced_total",
            "credited_total",
            "paid_total",
            "discount_total",
            "written_off_total",
            "due_total",
            "overdue_total",
        )
        self._flush()
        currency = deal.billing_currency_id
        for name in names:
            self.assertEqual(
                currency.compare_amounts(deal[name], expected.get(name, 0.0)),
                0,
                f"{name} of {deal.name}: {deal[name]}, expected {expected.get(name, 0.0)}",
            )
        self.assertEqual(
            currency.compare_amounts(
                deal.invoiced_total,
                deal.paid_total + deal.discount_total + deal.written_off_total + deal.due_total,
            ),
            0,
            "invoiced = paid + discount + written off + due",
        )
        if deal.billing_source == "automatic":
            self.assertSettlements(deal)

    def assertSettlements(self, deals):
        """Deals of a company: their shares of settlements add up to their figures, and with the
        other shares to the settlements, to the cent.
        """
        self._flush()
        rows = self.env["crm.lead.settlement"].sudo().search([])
        for deal in deals:
            of_deal = rows.filtered(lambda row, deal=deal: row.lead_id == deal)
            self.assertEqual(
                sorted(of_deal.ids),
                sorted(row_id for (row_id,) in self.env.execute_query(self._get_rows_sql(deal))),
                "the same shares, asked for one deal as for all",
            )
            for name, counted_as in COUNTED_AS.items():
                amount = sum(
                    of_deal.filtered(lambda row, names=counted_as: row.counted_as in names).mapped(
                        "amount"
                    )
                )
                self.assertAlmostEqual(deal[name], amount, 6, f"{name} of {deal.name}")
        settled = dict(
            self.env["account.receivable.settlement"]
            .sudo()
            ._read_group([("invoice_id", "in", rows.invoice_id.ids)], ["id"], ["amount:sum"])
        )
        shared = defaultdict(float)
        for row in rows:
            if row.settlement_id:
                shared[row.settlement_id] += row.amount
        self.assertEqual(
            {settlement.id: round(amount, 2) for settlement, amount in settled.items()},
            {settlement.id: round(amount, 2) for settlement, amount in shared.items()},
            "all shares of a settlement are the settlement",
        )

    def _get_rows_sql(self, deal):
        return SQL(
            "SELECT id FROM (%s) row",
            self.env["crm.lead.settlement"]._get_lead_settlement_sql(deal),
        )
