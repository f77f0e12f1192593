from odoo.addons.account_receivable_settlement.tests.common import ReceivableCommon


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
