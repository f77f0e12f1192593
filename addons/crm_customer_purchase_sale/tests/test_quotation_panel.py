from freezegun import freeze_time
from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.crm_customer_purchase.tests.common import PurchaseCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-12-31 12:00:00")
class TestQuotationPanel(PurchaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._sell(cls.flour, "2024-11-01")
        cls.env.flush_all()
        cls.purchases._refresh(cls.company)
        cls.suggestion = cls.purchases.env["crm.customer.suggestion"].create(
            {
                "company_id": cls.company.id,
                "partner_id": cls.partner.id,
                "product_id": cls.yeast.id,
                "because_product_id": cls.flour.id,
                "kind": "all",
                "buyer_count": 20,
                "both_count": 14,
                "expected_amount": 16.5,
                "rank": 1,
            }
        )
        cls.order = cls.env["sale.order"].create({"partner_id": cls.partner.id})
        cls.seller = cls._create_user("panel_seller", "sales_team.group_sale_salesman")

    def _add(self, user=None, order=None):
        suggestion = self.suggestion.with_user(user or self.env.user)
        return suggestion.with_context(
            quotation_id=(order or self.order).id
        ).action_add_to_quotation()

    def test_panel_and_one_click(self):
        self.assertIn("Flour", self.order.purchase_panel)
        self.assertIn("14 of 20 customers that buy Flour also buy Yeast", self.order.purchase_panel)
        self.assertEqual(self.order.suggestion_ids.product_id, self.yeast)
        self._add()
        self.assertEqual(self.order.order_line.product_id, self.yeast)
        self.assertFalse(self.order.suggestion_ids, "it is on the quotation")
        self._add()
        self.assertEqual(len(self.order.order_line), 1, "once")

    def test_category(self):
        """It is shown without a button; asked for all the same, it adds nothing."""
        category = self.env["product.category"].create({"name": "Rising"})
        self.suggestion.write({"product_id": False, "suggested_categ_id": category.id})
        self.env.invalidate_all()
        self.assertIn("also buy Rising", self.order.purchase_panel)
        self.assertEqual(self.order.suggestion_ids.item_name, "Rising")
        self._add()
        self.assertFalse(self.order.order_line)
        arch = etree.fromstring(self.order.get_view(view_type="form")["arch"])
        [button] = arch.xpath("//button[@name='action_add_to_quotation']")
        self.assertEqual(button.get("invisible"), "not product_id")
        # A product of the category is on the quotation: nothing is left to suggest.
        self.yeast.categ_id = category
        self.order.order_line = [Command.create({"product_id": self.yeast.id})]
        self.assertFalse(self.order.suggestion_ids)

    def test_only_quotations_of_the_customer(self):
        other = self.env["sale.order"].create({"partner_id": self.partner_a.id})
        with self.assertRaises(UserError):
            self._add(order=other)
        self.order.order_line = [Command.create({"product_id": self.flour.id})]
        self.order.action_confirm()
        with self.assertRaises(UserError):
            self._add()

    def test_context_from_outside(self):
        """Whatever stands there is a sentence, and adds nothing."""
        two = self.order + self.order.copy()
        for key in (None, False, True, 0, -1, 2**40, "1", "x", 1.5, two.ids, [self.order.id], {}):
            with self.subTest(key=key), self.assertRaises(UserError):
                self.suggestion.with_context(quotation_id=key).action_add_to_quotation()
        self.assertFalse(two.order_line)

    def test_quotation_of_another_company(self):
        second = self.setup_other_company(name="Second")["company"]
        self.env.user.company_ids |= second
        order = self.env["sale.order"].create(
            {"partner_id": self.partner.id, "company_id": second.id}
        )
        with self.assertRaises(UserError):
            self._add(order=order)

    def test_somebody_elses_quotation(self):
        self.order.user_id = self.env.user
        with self.assertRaises(AccessError):
            self._add(self.seller)

    def test_discounts_and_down_payments_are_no_products(self):
        discount = self.env["product.product"].create({"name": "Discount", "type": "service"})
        self.company.sale_discount_product_id = discount
        self._create_document(
            [
                {"product_id": self.salt.id, "price_unit": 50},
                {"product_id": discount.id, "price_unit": -5},
                {"product_id": self.yeast.id, "price_unit": 9, "is_downpayment": True},
            ],
            date="2024-12-01",
        )
        self._refresh()
        rows = self.purchases.search([("partner_id", "=", self.partner.id)])
        self.assertEqual(set(rows.product_id.ids), {self.flour.id, self.salt.id})
        self.assertPlain()
