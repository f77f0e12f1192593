from dateutil.relativedelta import relativedelta

from odoo import Command, api, models

#: Products of the story, with their category, price and cost.
PRODUCTS = {
    "Espresso Beans 1 kg": ("Coffee", 24, 13.5),
    "Filter Coffee 1 kg": ("Coffee", 18, 11),
    "Paper Cups, 500 pieces": ("Supplies", 35, 28),
    "Cleaning Tablets": ("Supplies", 15, 6),
    "Oat Drink, 12 l": ("Drinks", 26, 21),
}
BEANS, FILTER, CUPS, TABLETS, OATS = PRODUCTS

#: They have a fortnight, and take nine days.
PAID_AFTER = relativedelta(days=9)

#: By customer: how many days ago it bought what, and how many of each.
PURCHASES = {
    # Buys beans as ever, and has stopped buying cups.
    "Café Morning Star": (
        *((days, {BEANS: 20}) for days in (20, 50, 80, 110)),
        *((days, {BEANS: 20, CUPS: 6}) for days in (200, 230, 260, 290, 320)),
    ),
    # Reorders filter coffee every six weeks, and is due.
    "Corner Coffee": tuple((days, {FILTER: 30, TABLETS: 2}) for days in (45, 87, 129, 171)),
    # Buys beans, but not the oat drink that the others buy: a gap.
    "Roast & Read Bookshop": ((25, {BEANS: 12, CUPS: 2}), (70, {BEANS: 10})),
    "Café Central Park": ((30, {BEANS: 15, OATS: 6}),),
    "Little Italy Bar": ((35, {BEANS: 30, OATS: 4, TABLETS: 3}),),
    "Station Bistro": ((40, {BEANS: 18, OATS: 8, CUPS: 4}),),
    "Museum Café": ((28, {BEANS: 16, OATS: 5, FILTER: 5}),),
    "Lakeside Tea Room": ((33, {FILTER: 8, OATS: 3}),),
}


class CrmCustomerPurchaseDemo(models.AbstractModel):
    """Coffee shops that buy beans and what goes with it; dates are relative to the installation."""

    _name = "crm.customer.purchase.demo"
    _description = "Demo of What Customers Buy"

    @api.model
    def _create_story(self):
        """Called once, when demo data is loaded."""
        company = self.env.company
        policy = self.env["crm.customer.health.policy"]._get_policy(company)
        # As many customers as the story has.
        policy.write({"suggestion_min_customers": 5, "suggestion_min_buyers": 3})
        industry = self.env["res.partner.industry"].create({"name": "Coffee Shops"})
        customers = self._create_customers(industry)
        for invoice in self._create_invoices(customers, self._create_products()):
            invoice.action_post()
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({"payment_date": invoice.invoice_date + PAID_AFTER}).action_create_payments()
        self.env["crm.customer.health"]._refresh(company)
        # Figures are there at once, also where no scheduler runs.
        self.env["crm.customer.purchase"]._refresh(company)
        self.env["crm.customer.suggestion"]._refresh(company)
        self.env["crm.lead"].create(
            {
                "name": "New season at the bookshop",
                "type": "opportunity",
                "partner_id": customers["Roast & Read Bookshop"].id,
                "user_id": customers["Roast & Read Bookshop"].user_id.id,
                "expected_revenue": 1200,
            }
        )

    def _create_customers(self, industry):
        seller = self.env.ref("crm_accounting_bridge.res_users_salesperson_demo")
        partners = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "industry_id": industry.id,
                    "country_id": self.env.ref("base.us").id,
                    "user_id": seller.id,
                }
                for name in PURCHASES
            ]
        )
        return dict(zip(PURCHASES, partners, strict=True))

    def _create_products(self):
        names = {category for category, __, __ in PRODUCTS.values()}
        categories = {
            name: self.env["product.category"].create({"name": name}) for name in sorted(names)
        }
        products = self.env["product.product"].create(
            [
                {
                    "name": name,
                    "categ_id": categories[category].id,
                    "list_price": price,
                    "standard_price": cost,
                    "taxes_id": [Command.clear()],
                }
                for name, (category, price, cost) in PRODUCTS.items()
            ]
        )
        return dict(zip(PRODUCTS, products, strict=True))

    def _create_invoices(self, customers, products):
        today = self.env.company._get_today()
        return self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customers[customer].id,
                    "invoice_user_id": customers[customer].user_id.id,
                    "invoice_date": today - relativedelta(days=days_ago),
                    "invoice_date_due": today - relativedelta(days=days_ago - 14),
                    "is_move_sent": True,
                    "invoice_line_ids": [
                        Command.create({"product_id": products[name].id, "quantity": quantity})
                        for name, quantity in bought.items()
                    ],
                }
                for customer, purchases in PURCHASES.items()
                for days_ago, bought in purchases
            ]
        )
