"""Before this version's fields: the import of invoices and payments becomes an addon of its own,
with all that there is of it; a column that is read from elsewhere goes.
"""

from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.moving import move_records

IMPORT = "crm_accounting_import"

#: The version of the new addon that holds what this addon held.
IMPORT_VERSION = "19.0.1.0.0"


def migrate(cr, version):
    mark_to_upgrade(cr, IMPORT, IMPORT_VERSION)
    # Nothing else of this addon was about journals.
    patterns = ["%accounting\\_import%", "%account\\_journal%"]
    move_records(cr, "crm_accounting_bridge", IMPORT, patterns)
    drop_company_of_failures(cr)


def mark_to_upgrade(cr, module, version):
    """Have an addon loaded later in this run, as one that was installed in this version.

    An installation would overwrite what people changed, such as the interval of a scheduled action,
    and would leave out the migrations of later versions.
    """
    cr.execute(
        SQL(
            """
            UPDATE ir_module_module
               SET state = CASE state WHEN 'uninstalled' THEN 'to upgrade' ELSE state END,
                   latest_version = COALESCE(latest_version, %s)
             WHERE name = %s
            """,
            version,
            module,
        )
    )
    if not cr.rowcount:
        raise RuntimeError(
            f"The addon {module} is not in the addons path: what the database holds of it would be"
            " deleted. Put all addons of this repository there, and upgrade again."
        )


def drop_company_of_failures(cr):
    """It is the opportunity's, not stored any more; Odoo drops no column of a field that stays."""
    cr.execute("ALTER TABLE crm_stage_change_failure DROP COLUMN IF EXISTS company_id")
    cr.execute(
        "DELETE FROM ir_model_constraint WHERE name = 'crm_stage_change_failure_company_id_fkey'"
    )
