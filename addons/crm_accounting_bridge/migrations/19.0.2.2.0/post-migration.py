"""Activities are read by their summary: with a decoration lists only say *Warning*."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    activity_type = env.ref(
        "crm_accounting_bridge.mail_activity_type_manual_billing", raise_if_not_found=False
    )
    if activity_type and activity_type.decoration_type == "warning":
        activity_type.decoration_type = False
