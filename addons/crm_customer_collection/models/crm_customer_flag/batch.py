from collections import defaultdict

from odoo import api


class Batch:
    """Making, changing and escalating flags: many customers in a bounded number of statements."""

    __slots__ = ()

    @api.model
    def _raise_flags(self, health, is_manual=False):
        """Flag these customers, none of whom has an open flag.

        :param health: rows of one company.
        :return: the flags; those without ``assigned_id`` found nobody to tell.
        """
        company = health.company_id
        today = company._get_today()
        assignees = self._get_assignees(company, health.partner_id)
        flags = self.create(
            [
                {
                    "company_id": company.id,
                    "partner_id": row.partner_id.id,
                    "flagged_on": today,
                    "is_manual": is_manual,
                    "assigned_id": assignees.get(row.partner_id.id),
                    "named_id": assignees.get(row.partner_id.id),
                    "told_on": today,
                    "flagged_amount": row.overdue_amount,
                    **self._get_owed_values(row, today),
                }
                for row in health
            ]
        )
        # Whom a customer is flagged to may see it from now on, and so have an activity on it.
        flags._tell({row.partner_id: row for row in health})
        return flags

    def _change_flags(self, health, misdirected: dict):
        """Say what these customers owe now; who had dealt with a flag is told again if it is worse.

        :param health: the rows of these flags' customers, of one company.
        :param misdirected: whom to tell instead, see :meth:`_get_misdirected`.
        """
        today = health.company_id._get_today()
        rows = {row.partner_id: row for row in health}
        worse = self._get_worse(rows)
        moved = self.filtered(lambda flag: flag.id in misdirected)
        waiting = (self - moved).filtered("activity_id.active")
        (waiting & worse).activity_id.date_deadline = today
        moved.activity_id.filtered("active").unlink()
        for flag in moved:
            user_id = misdirected[flag.id]
            flag.write({"assigned_id": user_id, "named_id": user_id, "told_on": today})
        ((worse - waiting) | moved)._tell(rows)
        for flag in self:
            # One statement for all when they are flushed.
            flag.write(self._get_owed_values(rows[flag.partner_id], today))

    def _escalate_flags(self, health):
        """Hand these flags, that nothing helped, to the leader of who was told.

        :param health: the rows of these flags' customers, of one company.
        :return: the flags that were escalated; the others have no other leader.
        """
        company = health.company_id
        leaders = self._get_leaders(company)
        escalated = self.filtered(lambda flag: flag.id in leaders)
        today = company._get_today()
        by_leader = defaultdict(self.browse)
        for flag in escalated:
            by_leader[leaders[flag.id]] |= flag
        for leader_id, flags in by_leader.items():
            flags.write({"assigned_id": leader_id, "told_on": today, "escalated_on": today})
            flags.activity_id.filtered("active").with_context(
                mail_activity_quick_update=True
            ).write({"user_id": leader_id, "date_deadline": today})
        escalated.filtered(lambda flag: not flag.activity_id.active)._tell(
            {row.partner_id: row for row in health}
        )
        return escalated

    def _get_due_for_escalation(self):
        """Those of these flags that were told so long ago that the policy asks to escalate them."""
        policies = {
            policy.company_id: policy
            for policy in self.env["crm.customer.health.policy"]._get_policy(self.company_id)
        }
        return self.filtered(
            lambda flag: (
                not flag.escalated_on
                and flag.assigned_id
                and policies[flag.company_id].escalation_days
                and (flag.company_id._get_today() - flag.told_on).days
                >= policies[flag.company_id].escalation_days
            )
        )

    def _get_worse(self, rows: dict):
        """Those of these flags whose customers owe more than the flag says, or broke their word."""
        return self._get_with_broken_promise() | self.filtered(
            lambda flag: (
                flag.currency_id.compare_amounts(
                    rows[flag.partner_id].overdue_amount, flag.overdue_amount
                )
                > 0
                or rows[flag.partner_id].overdue_count > flag.overdue_count
                # Of what was overdue then nothing is left: this is something else.
                or rows[flag.partner_id].oldest_due_date >= flag.changed_on
            )
        )

    def _get_outdated(self, rows: dict):
        """Those of these flags that do not say what the customers owe now."""
        return self._get_with_broken_promise() | self.filtered(
            lambda flag: (
                flag.currency_id.compare_amounts(
                    rows[flag.partner_id].overdue_amount, flag.overdue_amount
                )
                or rows[flag.partner_id].overdue_count != flag.overdue_count
                or rows[flag.partner_id].oldest_due_date != flag.oldest_due_date
            )
        )

    def _get_with_broken_promise(self):
        """Those of these flags whose customers broke a promise since the flag was last changed."""
        broken = defaultdict(set)
        promises = self.env["crm.payment.promise"].search(
            [
                ("company_id", "in", self.company_id.ids),
                ("partner_id", "in", self.partner_id.ids),
                ("state", "=", "broken"),
            ]
        )
        for promise in promises:
            broken[promise.company_id, promise.partner_id].add(promise.date)
        return self.filtered(
            lambda flag: any(
                day >= flag.changed_on for day in broken[flag.company_id, flag.partner_id]
            )
        )

    def _tell(self, rows: dict):
        """Make new activities for these flags, for who has them.

        Nobody gets a mail for each: the activity is in the list of things to do. It says no amount;
        these are on the customer's row, where it is.
        """
        told = self.filtered("assigned_id")
        if not told:
            return
        model_id = self.env["ir.model"]._get_id("crm.customer.health")
        type_id = self._get_activity_type_id()
        # The names of all at once: an activity asks for one after the other.
        told.partner_id.mapped("display_name")
        activities = (
            self.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create(
                [
                    {
                        "activity_type_id": type_id,
                        "res_model_id": model_id,
                        "res_id": rows[flag.partner_id].id,
                        "user_id": flag.assigned_id.id,
                        "date_deadline": flag.company_id._get_today(),
                        "automated": True,
                        "summary": flag._get_summary(),
                    }
                    for flag in told
                ]
            )
        )
        for flag, activity in zip(told, activities, strict=True):
            flag.activity_id = activity

    def _get_summary(self) -> str:
        """The activity's title, in the language of who is told."""
        flag = self.with_context(lang=self.assigned_id.lang or self.env.lang)
        return flag.env._("Overdue customer")

    @api.model
    def _get_activity_type_id(self) -> int | None:
        """The type of a flag's activity; nothing if an administrator deleted it."""
        return self.env["ir.model.data"]._xmlid_to_res_id(
            "crm_customer_collection.mail_activity_type_overdue", raise_if_not_found=False
        )

    @api.model
    def _get_owed_values(self, row, today) -> dict:
        return {
            "overdue_amount": row.overdue_amount,
            "overdue_count": row.overdue_count,
            "oldest_due_date": row.oldest_due_date,
            "changed_on": today,
        }
