"""What was overdue when a flag was made is known of flags that were never brought up to date."""


def migrate(cr, version):
    cr.execute(
        """
        ALTER TABLE crm_customer_flag ADD COLUMN IF NOT EXISTS flagged_amount numeric;
        UPDATE crm_customer_flag SET flagged_amount = overdue_amount
         WHERE flagged_amount IS NULL AND changed_on = flagged_on
        """
    )
