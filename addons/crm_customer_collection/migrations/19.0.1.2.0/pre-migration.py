"""Whoever flags already goes on as before: without a limit."""


def migrate(cr, version):
    cr.execute(
        """
        ALTER TABLE crm_customer_health_policy ADD COLUMN IF NOT EXISTS flags_per_morning int;
        UPDATE crm_customer_health_policy SET flags_per_morning = 0
         WHERE flags_per_morning IS NULL
        """
    )
