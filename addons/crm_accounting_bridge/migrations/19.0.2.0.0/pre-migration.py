"""Before this version's fields: the import of invoices and payments becomes an addon of its own,
with all that there is of it; a column that is read from elsewhere goes.
"""

from odoo.addons.account_receivable_settlement.moving import mark_to_upgrade, move_records

IMPORT = "crm_accounting_import"

#: The version of the new addon that holds what this addon held.
IMPORT_VERSION = "19.0.1.0.0"


def migrate(cr, version):
    mark_to_upgrade(cr, IMPORT, IMPORT_VERSION)
    # Nothing else of this addon was about journals.
    patterns = ["%accounting\\_import%", "%account\\_journal%"]
    move_records(cr, "crm_accounting_bridge", IMPORT, patterns)
    drop_company_of_failures(cr)


def drop_company_of_failures(cr):
    """It is the opportunity's, not stored any more; Odoo drops no column of a field that stays."""
    cr.execute("ALTER TABLE crm_stage_change_failure DROP COLUMN IF EXISTS company_id")
    cr.execute(
        "DELETE FROM ir_model_constraint WHERE name = 'crm_stage_change_failure_company_id_fkey'"
    )
