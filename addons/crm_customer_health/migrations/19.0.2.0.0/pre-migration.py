from odoo.tools.sql import SQL, table_exists


def migrate(cr, version):
    """The addon's own queue became rows of the outbox of all who read receivables. All customers
    are computed anew: what the queue had not heard of is put right, too.
    """
    if not table_exists(cr, "crm_customer_health_queue"):
        return
    cr.execute(
        SQL(
            """
            INSERT INTO account_receivable_change (reader, company_id, res_id)
            VALUES ('crm.customer.health', 0, 0)
            """
        )
    )
    cr.execute(SQL("DROP TABLE crm_customer_health_queue"))
    # The scheduled action stays as people set it; without this it would go with the model.
    cr.execute(
        SQL(
            """
            UPDATE ir_act_server server
               SET model_id = model.id,
                   code = 'model._cron_read_changes()'
              FROM ir_model model, ir_cron cron, ir_model_data data
             WHERE model.model = 'crm.customer.health'
               AND cron.ir_actions_server_id = server.id
               AND data.model = 'ir.cron'
               AND data.res_id = cron.id
               AND data.module = 'crm_customer_health'
               AND data.name = 'ir_cron_queue'
            """
        )
    )
