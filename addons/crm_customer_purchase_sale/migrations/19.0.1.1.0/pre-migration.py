"""Customers on hold are left out of the lists by an addon of its own, which no upgrade installs."""

from odoo.addons.account_receivable_settlement.moving import mark_to_upgrade


def migrate(cr, version):
    mark_to_upgrade(cr, "crm_customer_purchase_hold", "19.0.1.0.0")
