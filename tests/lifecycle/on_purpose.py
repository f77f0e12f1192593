"""What an upgrade from the old version changes on purpose."""

import re

#: What goes or changes, as Odoo's log and `inventory.differences` say it, and why.
ON_PURPOSE = {
    r"records that people edit: mail_activity_type_\w+ = \S+: decoration_type: 'warning' is None": (
        "with a decoration, lists show *Warning* in place of what an activity is about"
    ),
    r"(Deleting \S+ \(|external ids: |table ).*crm_customer_health_queue.*": (
        "what has to follow a change of receivables waits in account.receivable.change, customers"
        " like everything else; what waited in the queue is computed with all the others"
    ),
    r"records that people edit: ir_cron_queue_ir_actions_server = \S+: (code|model_id): .*": (
        "the scheduled action of the queue reads the changes there, as often as people want it to"
    ),
    r"(Deleting \S+ \(\w+\.|external ids: )\w+_access_(salesman|invoicing|readonly)\b.*": (
        "rights to see figures of customers are given to one group that the roles imply"
    ),
    r"(external ids|records that people edit): \w+_rule_invoicing = \S+: is gone": (
        "Accounting sees all customers by the rule of who sees all customers"
    ),
    r"relation rule_group_rel: .*: is gone": "the groups of these rules go with them",
    r"tables of others: (res_groups|res_groups_implied_rel|rule_group_rel): .*": (
        "the roles imply two groups of ours"
    ),
    r"table crm_stage_change_failure: company_id: is gone": (
        "the company of a stage change that failed is the opportunity's, and not stored twice"
    ),
    r"(Deleting \S+ \(\w+\.|external ids: )field_mail_activity__is_flag_visible\b.*": (
        "activities of flags are on the customer's row, which has rules of its own"
    ),
    r"(external ids|records that people edit): mail_activity_rule_flag = \S+: is gone": (
        "nor does a rule of ours on activities"
    ),
    r"records that people edit: mail_activity_type_overdue = \S+: res_model: .*": (
        "and their type is for these rows"
    ),
    r"tables of others: mail_(activity|activity_type): .*": "the activities go there",
    r"(table mail_message|tracked values): \d+: (is gone|model: .*|res_id: .*)": (
        "what was noted of customers in the chatter of contacts goes to their rows; of a customer"
        " without row it must not stay where everybody reads it"
    ),
    r"tables of others: mail_tracking_value: .*": "and with it the values",
    r"tables of others: mail_alias: .*": (
        "journals for imports were given an address by accident, the same one in each company"
    ),
}


def unexpected(lines):
    return [line for line in lines if not any(is_meant(pattern, line) for pattern in ON_PURPOSE)]


def outdated(lines):
    """Entries of the list above that nothing is found for."""
    return [pattern for pattern in ON_PURPOSE if not any(is_meant(pattern, line) for line in lines)]


def is_meant(pattern, line):
    return re.fullmatch(pattern, line.strip())
