"""What was on contacts goes to the customers' rows."""

from odoo import SUPERUSER_ID, api

from odoo.addons.crm_customer_collection.conversation import move_to_rows


def migrate(cr, version):
    move_to_rows(api.Environment(cr, SUPERUSER_ID, {}))
