"""Installing on, and leaving, a database full of invoices and opportunities."""

from odoo.tools.sql import SQL, column_exists

#: Stored columns on big tables. Created empty before the fields are loaded, they are not computed
#: record by record: before the addon is there, no invoice line belongs to a deal.
_COLUMNS = [
    ("account_move", "opportunity_id", "int4"),
    ("account_move_line", "opportunity_id", "int4"),
    ("crm_lead", "billing_as_of_date", "date"),
    ("crm_lead", "billing_currency_id", "int4"),
    ("crm_lead", "billing_source", "varchar"),
    ("crm_lead", "billing_status", "varchar"),
    ("crm_lead", "credited_total", "numeric"),
    ("crm_lead", "discount_total", "numeric"),
    ("crm_lead", "due_total", "numeric"),
    ("crm_lead", "figures_as_of", "timestamp"),
    ("crm_lead", "first_invoice_date", "date"),
    ("crm_lead", "followed_billing_status", "varchar"),
    ("crm_lead", "has_uncounted_invoices", "bool"),
    ("crm_lead", "invoiced_total", "numeric"),
    ("crm_lead", "invoiced_untaxed", "numeric"),
    ("crm_lead", "last_payment_date", "date"),
    ("crm_lead", "next_due_date", "date"),
    ("crm_lead", "overdue_total", "numeric"),
    ("crm_lead", "paid_date", "date"),
    ("crm_lead", "paid_total", "numeric"),
    ("crm_lead", "written_off_total", "numeric"),
]


def pre_init_hook(env):
    for table, column, column_type in _COLUMNS:
        if not column_exists(env.cr, table, column):
            env.cr.execute(
                SQL(
                    "ALTER TABLE %s ADD COLUMN %s %s",
                    SQL.identifier(table),
                    SQL.identifier(column),
                    SQL(column_type),
                )
            )
    env.cr.execute(
        """
        UPDATE crm_lead lead
           SET billing_source = 'automatic',
               billing_status = 'none',
               followed_billing_status = 'none',
               billing_currency_id = COALESCE(
                   (SELECT currency_id FROM res_company WHERE id = lead.company_id),
                   (SELECT currency_id FROM res_company ORDER BY id LIMIT 1))
         WHERE billing_status IS NULL
        """
    )


def post_init_hook(env):
    """Put our stages behind all others that are there."""
    # The database gathers statistics of new columns when many rows were written: for months it
    # would plan as if every invoice line belonged to a deal.
    env.cr.execute("ANALYZE account_move, account_move_line, crm_lead")
    stages = env["crm.stage"]
    for name in ("crm_stage_invoiced", "crm_stage_paid"):
        stages |= env.ref(f"crm_accounting_bridge.{name}", raise_if_not_found=False) or stages
    others = env["crm.stage"].search([("id", "not in", stages.ids)])
    last = max(others.mapped("sequence"), default=0)
    if stages and last >= min(stages.mapped("sequence")):
        for position, stage in enumerate(stages, start=1):
            stage.sequence = last + position


def uninstall_hook(env):
    """Opportunities leave our stages, which could not be deleted otherwise; they stay won."""
    stages = env["crm.stage"].search([("billing_status", "!=", False)])
    own = stages.filtered(
        lambda stage: any(
            xml_id.startswith("crm_accounting_bridge.")
            for xml_id in stage._get_external_ids()[stage.id]
        )
    )
    leads = env["crm.lead"].with_context(active_test=False).search([("stage_id", "in", own.ids)])
    for (_team, before), group in leads.grouped(
        lambda lead: (lead.team_id, lead.stage_before_billing_id)
    ).items():
        target = before if before.is_won else group._find_won_stage() - own
        group.stage_id = target or env["crm.stage"].search([("id", "not in", own.ids)], limit=1)
    env.cr.execute("DELETE FROM account_receivable_change WHERE reader = 'crm.lead'")
