from fractions import Fraction

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.account_receivable_settlement.plain_books import exact
from odoo.addons.account_receivable_verify.check import Check, Finding
from odoo.addons.crm_customer_purchase.plain_purchases import (
    AMOUNTS,
    CUSTOMER_FIGURES,
    NUMBERS,
    VALUES,
    PlainPurchases,
)


class AccountReceivableVerification(models.Model):
    """What customers buy: row by row, and as a whole."""

    _inherit = "account.receivable.verification"

    @api.model
    def _get_checks(self):
        return {
            **super()._get_checks(),
            "purchases": Check(
                self.env._("What customers buy"),
                "res.partner",
                self._get_purchase_domain,
                self._compare_purchases,
                self._get_waiting_purchases,
                batch_size=20,
            ),
            "customer_purchases": Check(
                self.env._("Breadth of customers' purchases"),
                "res.partner",
                self._get_health_domain,
                self._compare_customer_purchases,
                self._get_waiting_customers,
                batch_size=20,
            ),
        }

    @api.model
    def _get_value_labels(self):
        return {
            **super()._get_value_labels(),
            # Of a product without row.
            **self._get_field_labels("crm.customer.purchase", AMOUNTS),
        }

    @api.model
    def _get_purchase_domain(self, company) -> Domain:
        """Customers, and who has rows although it became a contact of another one."""
        rows = self.env["crm.customer.purchase"]._read_group(
            Domain("company_id", "=", company.id)
            & Domain("partner_id.is_company", "=", False)
            & Domain("partner_id.parent_id", "!=", False),
            ["partner_id"],
        )
        return self._get_customer_domain(company) | Domain(
            "id", "in", [partner.id for (partner,) in rows]
        )

    @api.model
    def _get_waiting_purchases(self, company, partners) -> set[int]:
        norm = self.env["crm.customer.health.norm"].search([("company_id", "=", company.id)])
        if norm.purchases_as_of_date != company._get_today():
            return set(partners.ids)
        return self._get_waiting_customers(company, partners)

    @api.model
    def _get_plain_purchases(self, company, partners) -> PlainPurchases:
        policy = self.env["crm.customer.health.policy"].search([("company_id", "=", company.id)])
        percents = policy.purchase_falling_percent, policy.purchase_growing_percent
        return PlainPurchases(self.env, company, company._get_today(), percents, partners)

    # Products --------------------------------------------------------------------------------

    @api.model
    def _compare_purchases(self, company, partners):
        kept = {
            (row.partner_id.id, row.product_id.id): row
            for row in self.env["crm.customer.purchase"].search(
                [("company_id", "=", company.id), ("partner_id", "in", partners.ids)]
            )
        }
        plain = {
            (customer.id, product.id): row
            for (customer, product), row in self._get_plain_purchases(company, partners)
            .rows()
            .items()
        }
        for key in sorted(kept.keys() | plain.keys()):
            row = kept.get(key, self.env["crm.customer.purchase"])
            yield from self._compare_purchase(company, *key, row, plain.get(key))

    @api.model
    def _compare_purchase(self, company, partner_id, product_id, row, plain):
        """A row that is missing, or of what nobody bought, is found with its amounts."""
        partner = self.env["res.partner"].browse(partner_id)
        product = self.env["product.product"].browse(product_id)
        where = row or partner
        currency = company.currency_id

        def found(name, kept, recomputed, currency=None):
            return Finding(
                partner_id,
                where._name,
                where.id,
                f"{partner.display_name}: {product.display_name}",
                name,
                kept,
                recomputed,
                currency,
                row.write_date or None,
                row.write_uid,
            )

        if bool(row) != bool(plain):
            name = product.display_name
            yield found("row", name if row else None, name if plain else None)
        plain = plain or {}
        for name in AMOUNTS:
            expected = plain.get(name, Fraction(0))
            if self._is_other_amount(row[name] or 0, expected, currency):
                yield found(name, row[name] or 0.0, self._round(expected, currency), currency)
        if not row or not plain:
            return
        for name, tolerance in NUMBERS.items():
            if abs(exact(row[name]) - plain[name]) > tolerance:
                yield found(name, row[name], round(float(plain[name]), 6))
        for name in VALUES:
            if row[name] != plain[name]:
                yield found(name, row[name], plain[name])

    # Customers -------------------------------------------------------------------------------

    @api.model
    def _compare_customer_purchases(self, company, partners):
        plain = self._get_plain_purchases(company, partners).customers()
        for row in self.env["crm.customer.health"].search(
            [("company_id", "=", company.id), ("partner_id", "in", partners.ids)], order="id"
        ):
            figures = plain.get(row.partner_id, {})

            def found(name, kept, recomputed, row=row):
                return Finding(
                    row.partner_id.id,
                    row._name,
                    row.id,
                    row.partner_id.display_name,
                    name,
                    kept,
                    recomputed,
                    kept_at=row.refreshed_at or None,
                    kept_by=row.write_uid,
                )

            for name, tolerance in CUSTOMER_FIGURES.items():
                expected = Fraction(figures.get(name, 0))
                if abs(exact(row[name]) - expected) > tolerance:
                    yield found(name, row[name], round(float(expected), 4))
            category = figures.get("main_category_id") or self.env["product.category"]
            if row.main_category_id != category:
                yield found(
                    "main_category_id", row.main_category_id.display_name, category.display_name
                )
