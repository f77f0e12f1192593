import logging
from datetime import date, timedelta

from odoo import Command, api
from odoo.fields import Domain
from odoo.tools import format_date
from odoo.tools.urls import urljoin

_logger = logging.getLogger(__name__)


class Weekly:
    """Every Monday salespeople are told by e-mail what changed with their own customers.

    The recipients of a week are kept until each has got the e-mail, committed one by one: killed
    in between, nobody is left out and nobody is told twice.
    """

    __slots__ = ()

    @api.model
    def _cron_send_weekly_changes(self):
        """Begin the week of the companies where it is Monday, or was since the last time, and send
        the e-mails that are pending.
        """
        commit_progress = self.env["ir.cron"]._commit_progress
        # Whoever the scheduled action runs as: the mails go by the salespeople's rights.
        policies_sudo = self.sudo()
        policies_sudo._begin_week()
        pending = [
            (policy, user)
            for policy in policies_sudo.search([("weekly_pending_user_ids", "!=", False)])
            for user in policy.weekly_pending_user_ids
        ]
        commit_progress(remaining=len(pending))
        for policy, user in pending:
            policy._work_off_weekly(user)
            if not commit_progress(1):
                break

    def _begin_week(self):
        """Remember who is to be told, where the customers were computed for the new week."""
        policies = self._get_policy(self._get_companies())
        norms = self.env["crm.customer.health.norm"].search(
            [("company_id", "in", policies.company_id.ids)]
        )
        computed_on = {norm.company_id: norm.as_of_date for norm in norms}
        due = policies.filtered(
            lambda policy: (
                policy.weekly_changes
                and computed_on.get(policy.company_id) == policy.company_id._get_today()
                and (policy.weekly_changes_sent_on or date.min)
                < policy._get_monday(policy.company_id._get_today())
            )
        )
        # Nobody writes changes of a company while its norm is locked.
        companies = self.env["crm.customer.health"]._lock_norms(due.company_id).company_id
        for policy in due.try_lock_for_update():
            if policy.company_id in companies:
                policy.write(policy._prepare_week())

    def _prepare_week(self) -> dict:
        last_change = self.env["crm.customer.health.change"].search(
            [("company_id", "=", self.company_id.id)], order="id desc", limit=1
        )
        return {
            "weekly_changes_sent_on": self.company_id._get_today(),
            "weekly_pending_user_ids": [Command.set(self._get_weekly_recipients().ids)],
            "weekly_told_from_id": self.weekly_told_until_id,
            "weekly_told_until_id": last_change.id or self.weekly_told_until_id,
        }

    @staticmethod
    def _get_monday(day):
        return day - timedelta(days=day.weekday())

    def _get_weekly_recipients(self):
        """Salespeople with customers in the company; a hook."""
        groups = self.env["crm.customer.health"]._read_group(
            [("company_id", "=", self.company_id.id), ("partner_id.user_id", "!=", False)],
            ["user_id"],
        )
        users = self.env["res.users"].union(*(user for (user,) in groups))
        return users.filtered(
            lambda user: (
                user.active
                and not user.share
                and user.email
                and self.company_id in user.company_ids
            )
        )

    def _work_off_weekly(self, user):
        """Send one salesperson's e-mail, in the transaction that takes the user off the list."""
        policy = self.try_lock_for_update()
        if user not in policy.weekly_pending_user_ids:
            return
        if policy.weekly_changes:
            try:
                with self.env.cr.savepoint():
                    policy._send_weekly_changes(user)
            except Exception:
                # One salesperson's trouble must not keep the others waiting.
                _logger.exception("The weekly changes of %s could not be sent.", user.login)
        policy.weekly_pending_user_ids -= user

    def _send_weekly_changes(self, user):
        """Tell a salesperson of the week before the one in which sending began, if there is
        anything to tell; with the user's own rights, in the user's language.
        """
        monday = self._get_monday(self.weekly_changes_sent_on)
        start, end = monday - timedelta(days=7), monday - timedelta(days=1)
        company = self.company_id
        health = (
            self.env["crm.customer.health"]
            .with_user(user)
            .with_context(allowed_company_ids=company.ids, lang=user.lang, tz=user.tz)
        )
        rows = health._get_weekly_rows(start, end, self._get_weekly_changes_domain())
        if not rows:
            return
        period = {"start": format_date(health.env, start), "end": format_date(health.env, end)}
        render = self.env["mail.render.mixin"].with_context(lang=user.lang)
        body = render._render_template(
            "crm_customer_collection.mail_weekly_changes",
            "res.users",
            user.ids,
            engine="qweb_view",
            add_context={
                **period,
                **self._get_weekly_counts(rows),
                "company": company,
                "url": urljoin(self.get_base_url(), "/odoo/customer-health"),
                "user": user,
            },
            options={"post_process": True},
        )[user.id]
        subject = health.env._("Your customers from %(start)s to %(end)s", **period)
        full_body = render._render_encapsulate(
            "mail.mail_notification_light",
            body,
            add_context={
                "company": company,
                "model_description": health.env._("weekly summary"),
                "record_name": health.env._("What changed with your customers"),
            },
        )
        self.env["mail.mail"].create(
            {
                "auto_delete": True,
                "author_id": self.env.user.partner_id.id,
                "body_html": full_body,
                "email_from": company.partner_id.email_formatted or self.env.user.email_formatted,
                "email_to": user.email_formatted,
                "subject": f"{company.name}: {subject}",
            }
        )

    def _get_weekly_changes_domain(self) -> Domain:
        """Status changes since the e-mail before; not of months in which none was sent."""
        return (
            Domain("id", ">", self.weekly_told_from_id)
            & Domain("id", "<=", self.weekly_told_until_id)
            & Domain("date", ">=", self.weekly_changes_sent_on - timedelta(days=14))
        )

    def _get_weekly_counts(self, rows: list[dict], limit=50) -> dict:
        """The rows to show, and how many more there are."""
        return {"rows": rows[:limit], "more_count": max(len(rows) - limit, 0)}
