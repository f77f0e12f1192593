"""Acting on customers, and holding what is theirs, become addons of their own, with all that there
is of it; who sees which figures is said by groups of this addon.
"""

from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.moving import mark_to_upgrade, move_records

COLLECTION = "crm_customer_collection"
HOLD = "crm_customer_hold"

#: The version of the new addons that holds what this addon held.
VERSION = "19.0.1.0.0"

#: By names of external ids, as in SQL's LIKE.
MOVED = {
    COLLECTION: [
        "%crm\\_customer\\_flag%",
        "%crm\\_payment\\_promise%",
        "%crm\\_customer\\_actions%",
        "%flag\\_to\\_sales%",
        "%record\\_promise%",
        "%exclude\\_from\\_flags%",
        "%recompute\\_customers%",
        "%digest%",
        "%weekly%",
        "%mail\\_activity%",
        "ir\\_cron\\_flag%",
        "field\\_res\\_partner\\_\\_activity\\_%",
        "field\\_crm\\_customer\\_health\\_\\_flag\\_ids",
        "field\\_crm\\_customer\\_health\\_\\_promise\\_ids",
        "field\\_crm\\_customer\\_health\\_\\_exclusion\\_ids",
        "field\\_crm\\_customer\\_health\\_\\_is\\_flagged",
        "field\\_crm\\_customer\\_health\\_\\_has\\_promised",
        "field\\_crm\\_customer\\_health\\_policy\\_\\_escalation\\_days",
        "field\\_crm\\_customer\\_health\\_policy\\_\\_fallback\\_user\\_id",
    ],
    HOLD: ["%crm\\_customer\\_hold%", "%hold\\_policy%"],
}

#: Which do not follow their model.
FOREIGN_KEYS = {
    "crm_customer_health": [
        "crm_customer_flag_company_id_fkey",
        "crm_customer_hold_override_company_id_fkey",
    ],
    COLLECTION: [
        "crm_customer_health_policy_fallback_user_id_fkey",
        "crm_customer_health_policy_we_crm_customer_health_policy_i_fkey",
        "crm_customer_health_policy_weekly_user_rel_res_users_id_fkey",
    ],
    HOLD: ["sale_order_hold_override_id_fkey", "stock_picking_hold_override_id_fkey"],
}


def migrate(cr, version):
    for addon, patterns in MOVED.items():
        mark_to_upgrade(cr, addon, VERSION)
        move_records(cr, "crm_customer_health", addon, patterns)
    move_relation(cr, "crm_customer_health_policy_weekly_user_rel", COLLECTION)
    move_foreign_keys(cr)
    drop_doubled_rules(cr)


def move_foreign_keys(cr):
    """To the addon that has the field: of a model that stays, or of the mixin of figures."""
    for addon, names in FOREIGN_KEYS.items():
        cr.execute(
            SQL(
                """
                UPDATE ir_model_constraint
                   SET module = (SELECT id FROM ir_module_module WHERE name = %s)
                 WHERE name = ANY(%s)
                """,
                addon,
                names,
            )
        )


def move_relation(cr, table, addon):
    """The table of a field that another addon adds to a model of this one."""
    cr.execute(
        SQL(
            """
            UPDATE ir_model_relation
               SET module = (SELECT id FROM ir_module_module WHERE name = %s)
             WHERE name = %s
            """,
            addon,
            table,
        )
    )


def drop_doubled_rules(cr):
    """Accounting sees all customers by the same rule as the leaders of Sales."""
    cr.execute(
        SQL(
            """
            WITH doubled AS (
                DELETE FROM ir_model_data
                 WHERE module = 'crm_customer_health' AND model = 'ir.rule'
                   AND name LIKE %s
                RETURNING res_id
            )
            DELETE FROM ir_rule WHERE id IN (SELECT res_id FROM doubled)
            """,
            "%\\_rule\\_invoicing",
        )
    )
