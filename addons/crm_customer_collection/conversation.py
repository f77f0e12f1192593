"""Before, activities of flags were on contacts, and notes in the contacts' chatter."""

from odoo.tools import SQL

#: Fields whose changes were tracked values in the chatter of contacts.
TRACKED = {
    "res.partner": ("health_status", "health_reasons", "hold_policy"),
    "crm.customer.flag": ("closing_reason",),
}


def move_to_rows(env):
    """Bring both to the customers' rows, where only those find them who may see the customer.

    What is about a customer that has no row any more is deleted: it must not stay for everybody.
    """
    env.flush_all()
    _move_activities(env)
    _move_messages(env)
    rule = env.ref("crm_customer_collection.mail_activity_rule_flag", raise_if_not_found=False)
    if rule:
        rule.unlink()
    activity_type = env.ref(
        "crm_customer_collection.mail_activity_type_overdue", raise_if_not_found=False
    )
    if activity_type:
        activity_type.res_model = "crm.customer.health"
    env.invalidate_all()


def _move_activities(env):
    env.cr.execute(
        SQL(
            """
            UPDATE mail_activity activity
               SET res_model = %(model)s, res_model_id = %(model_id)s, res_id = health.id,
                   summary = %(summary)s, note = NULL, res_name = partner.complete_name
              FROM crm_customer_flag flag
              JOIN crm_customer_health health ON health.company_id = flag.company_id
                                             AND health.partner_id = flag.partner_id
              JOIN res_partner partner ON partner.id = flag.partner_id
             WHERE activity.id = flag.activity_id AND activity.res_model = 'res.partner'
            """,
            model="crm.customer.health",
            model_id=env["ir.model"]._get_id("crm.customer.health"),
            summary=env._("Overdue customer"),
        )
    )
    env.cr.execute(
        SQL(
            """
            DELETE FROM mail_activity
             WHERE res_model = 'res.partner'
               AND id IN (SELECT activity_id FROM crm_customer_flag)
            """
        )
    )


def _move_messages(env):
    """Messages that are nothing but a tracked value, known by it."""
    env.cr.execute(
        SQL(
            """
            CREATE TEMPORARY TABLE told ON COMMIT DROP AS
            SELECT DISTINCT message.id, health.id AS health_id
              FROM mail_tracking_value value
              JOIN ir_model_fields field ON field.id = value.field_id
              JOIN mail_message message ON message.id = value.mail_message_id
              LEFT JOIN res_partner partner ON partner.id = message.res_id
              LEFT JOIN crm_customer_health health
                ON health.company_id = message.record_company_id
               AND health.partner_id = partner.commercial_partner_id
             WHERE message.model = 'res.partner' AND (field.model, field.name) IN (%s)
            """,
            SQL(", ").join(
                SQL("%s", (model, name)) for model, names in TRACKED.items() for name in names
            ),
        )
    )
    env.cr.execute(
        SQL(
            """
            UPDATE mail_message message
               SET model = %s, res_id = told.health_id
              FROM told
             WHERE message.id = told.id AND told.health_id IS NOT NULL
            """,
            "crm.customer.health",
        )
    )
    env.cr.execute(
        SQL("DELETE FROM mail_message WHERE id IN (SELECT id FROM told WHERE health_id IS NULL)")
    )
    env.cr.execute(SQL("DROP TABLE told"))
