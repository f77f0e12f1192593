"""To who has lived without thresholds none are proposed: nobody would expect it of an upgrade."""


def migrate(cr, version):
    cr.execute(
        """
        ALTER TABLE crm_customer_health_policy ADD COLUMN IF NOT EXISTS thresholds_proposed_on date;
        UPDATE crm_customer_health_policy SET thresholds_proposed_on = CURRENT_DATE
         WHERE NOT EXISTS (SELECT FROM crm_customer_health_threshold threshold
                            WHERE threshold.policy_id = crm_customer_health_policy.id)
        """
    )
