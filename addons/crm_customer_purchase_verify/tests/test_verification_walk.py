from odoo.tests import tagged

from odoo.addons.crm_customer_health_verify.tests import test_verification_walk


@tagged("post_install", "-at_install")
class TestPurchaseVerificationWalk(test_verification_walk.TestVerificationWalk):
    """Whatever is done in accounting with products, a verification finds nothing."""

    STEPS = 16

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        category = cls.env["product.category"].create({"name": "Walked"})
        cls.products = cls.env["product.product"].create(
            [
                {"name": "Walked 1", "categ_id": category.id},
                {"name": "Walked 2", "categ_id": category.id},
                {"name": "Walked 3", "categ_id": False},
                {"name": "Tip", "is_left_out_of_mix": True},
            ]
        )

    def test_walk_5(self):
        self._walk(5)

    @classmethod
    def _create_document(cls, lines, **values):
        """What is bought depends on its price, so that a seed is the same walk again."""
        products = cls.products
        return super()._create_document(
            [
                {
                    "product_id": products[round(line["price_unit"] * 100) % len(products)].id,
                    **line,
                }
                for line in lines
            ],
            **values,
        )

    def _work_off(self):
        result = super()._work_off()
        # A day that has begun.
        with self.enter_registry_test_mode():
            self.env.ref("crm_customer_purchase.ir_cron_purchase").sudo().method_direct_trigger()
        self._flush()
        return result

    def _check_stored(self):
        result = super()._check_stored()
        rows = self.env["account.receivable.verification.check"].search(
            [("name", "in", ("purchases", "customer_purchases"))]
        )
        self.assertEqual(set(rows.mapped("waiting_count")), {0})
        return result
