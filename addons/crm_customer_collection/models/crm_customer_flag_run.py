from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

#: The hour of the morning, in the company's time zone, from which customers are flagged.
MORNING = 6

#: How many customers are looked at in one transaction.
BATCH_SIZE = 500


class CrmCustomerFlagRun(models.Model):
    """What flagging the overdue customers of a company did on a morning.

    Killed in between, it goes on after the last customer whose batch was committed; once more on
    the same day it finds nothing left to do.
    """

    _name = "crm.customer.flag.run"
    _description = "Run of Flags"
    _order = "id desc"
    _rec_name = "date"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    date = fields.Date(required=True, readonly=True, help="The day, in the company's time zone.")
    finished_at = fields.Datetime(readonly=True, help="Empty while it is running.")
    position = fields.Integer(readonly=True, help="The last customer's row that was looked at.")
    flagged_count = fields.Integer("Flagged", readonly=True, help="New flags.")
    changed_count = fields.Integer(
        "Changed", readonly=True, help="Flags of customers that owe more or less than before."
    )
    escalated_count = fields.Integer("Escalated", readonly=True, help="Handed to a team's leader.")
    closed_count = fields.Integer("Closed", readonly=True, help="Flags of cured customers.")
    unchanged_count = fields.Integer(
        "Flagged Before", readonly=True, help="Skipped: nothing new since the flag was made."
    )
    postponed_count = fields.Integer(
        "Later", readonly=True, help="Not flagged yet: this morning's number was reached."
    )
    promised_count = fields.Integer(
        "Promise Running", readonly=True, help="Skipped: a promise to pay is running."
    )
    excluded_count = fields.Integer(
        "Excluded", readonly=True, help="Skipped: somebody excluded the customer from flags."
    )
    disputed_count = fields.Integer(
        "Disputed", readonly=True, help="Skipped: invoices are disputed, and nothing else overdue."
    )
    unassigned_count = fields.Integer(
        "Nobody to Tell",
        readonly=True,
        help="Flagged, but nobody active was found: give the customer a salesperson or the policy a"
        " user.",
    )

    @api.model
    def _cron_flag(self):
        """Flag the overdue customers of companies where a morning has begun, batch by batch.

        A company waits until its customers were computed for the day.
        """
        # Whoever the scheduled action runs as: nobody writes runs by hand.
        runs_sudo = self.sudo()
        runs = [runs_sudo._start(company) for company in runs_sudo._get_due_companies()]
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=sum(len(run._get_remaining()) for run in runs))
        for run in runs:
            while not run.finished_at:
                if not run._lock_company():
                    # The company's customers are being computed: the next time.
                    commit_progress(remaining=0)
                    break
                if not commit_progress(run._do_batch()):
                    return

    def _lock_company(self):
        """Keep others from flagging the company's customers until the batch is committed.

        :return: nothing if somebody does so now: the run goes on with the next one of the action.
        """
        return self.env["crm.customer.health"]._lock_norms(self.company_id)

    @api.model
    def _get_due_companies(self):
        """Companies that flag, where it is morning, whose figures are of today, and that were not
        done today.
        """
        policies = self.env["crm.customer.health.policy"]
        policies = policies._get_policy(policies._get_companies()).filtered("flag_to_sales")
        norms = self.env["crm.customer.health.norm"].search(
            [("company_id", "in", policies.company_id.ids)]
        )
        return norms.company_id.filtered(
            lambda company: (
                self._is_morning(company)
                and norms.filtered(lambda norm: norm.company_id == company).as_of_date
                == company._get_today()
                and not self._get_finished(company)
            )
        )

    @api.model
    def _is_morning(self, company) -> bool:
        return company._get_now().hour >= MORNING

    @api.model
    def _get_finished(self, company):
        return self.search(
            [
                ("company_id", "=", company.id),
                ("date", "=", company._get_today()),
                ("finished_at", "!=", False),
            ],
            limit=1,
        )

    @api.model
    def _start(self, company):
        """The run of today that was interrupted, or a new one."""
        today = company._get_today()
        run = self.search(
            [
                ("company_id", "=", company.id),
                ("date", "=", today),
                ("finished_at", "=", False),
            ],
            limit=1,
        )
        if run:
            return run
        promises = self.env["crm.payment.promise"]
        promises._judge(company)
        closed = self.env["crm.customer.flag"]._close_cured(company)
        return self.create(
            {
                "company_id": company.id,
                "date": today,
                "closed_count": len(closed),
                "disputed_count": self.env["crm.customer.health"].search_count(
                    [
                        ("company_id", "=", company.id),
                        ("disputed_amount", ">", 0),
                        ("overdue_amount", "=", 0),
                    ]
                ),
            }
        )

    def _get_remaining(self, limit=None):
        """The next customers to look at: those that need action, and those flagged by hand, for
        whom the policy does not ask.
        """
        flags = self.env["crm.customer.flag"]
        by_hand = flags._search(
            [
                ("company_id", "=", self.company_id.id),
                ("closed_on", "=", False),
                ("is_manual", "=", True),
            ]
        )
        return self.env["crm.customer.health"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("id", ">", self.position)
            & (
                Domain("needs_action", "=", True)
                | Domain(
                    "partner_id",
                    "in",
                    by_hand.subselect(SQL.identifier(flags._table, "partner_id")),
                )
            ),
            order="id",
            limit=limit,
        )

    def _do_batch(self, batch_size=BATCH_SIZE) -> int:
        """Look at the next customers; finished when there is none.

        :return: how many were looked at.
        """
        health = self._get_remaining(batch_size)
        if not health:
            self.finished_at = fields.Datetime.now()
            return 0
        excluded = self.env["crm.customer.flag.exclusion"]._get_excluded(
            self.company_id, health.partner_id
        )
        promised = self.env["crm.payment.promise"]._get_promised(self.company_id, health.partner_id)
        todo = health.filtered(lambda row: row.partner_id not in excluded | promised)
        counts = {
            "excluded_count": len(excluded),
            "promised_count": len(promised - excluded),
            **self._flag(todo),
        }
        self.write(
            {
                "position": health[-1].id,
                **{name: self[name] + count for name, count in counts.items()},
            }
        )
        return len(health)

    def _get_largest(self, health):
        """Those of these customers, who have no open flag, that are flagged today: of each
        salesperson's customers the ones that owe most, as many as the policy says.

        Customers whom nobody has count as one salesperson's. Those flagged today are counted, too:
        batches follow each other.
        """
        policy = self.env["crm.customer.health.policy"]._get_policy(self.company_id)
        if not health or not policy.flags_per_morning:
            return health
        self.env.flush_all()
        candidates = (
            self.env["crm.customer.health"]
            .search(
                Domain("company_id", "=", self.company_id.id) & Domain("needs_action", "=", True)
            )
            .partner_id
        )
        left_out = self.env["crm.customer.flag.exclusion"]._get_excluded(
            self.company_id, candidates
        ) | self.env["crm.payment.promise"]._get_promised(self.company_id, candidates)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM (
                    SELECT health.id,
                           ROW_NUMBER() OVER (PARTITION BY partner.user_id
                                              ORDER BY health.net_overdue_amount DESC, health.id)
                               AS number
                      FROM crm_customer_health health
                      JOIN res_partner partner ON partner.id = health.partner_id
                     WHERE health.company_id = %(company)s
                       AND health.needs_action
                       AND health.partner_id != ALL(%(left_out)s)
                       AND NOT EXISTS (SELECT FROM crm_customer_flag flag
                                        WHERE flag.company_id = health.company_id
                                          AND flag.partner_id = health.partner_id
                                          AND flag.closed_on IS NULL
                                          AND flag.flagged_on < %(today)s)
                       ) ranked
                 WHERE number <= %(limit)s AND id = ANY(%(ids)s)
                """,
                company=self.company_id.id,
                left_out=left_out.ids,
                today=self.date,
                limit=policy.flags_per_morning,
                ids=list(health.ids),
            )
        )
        return health.browse([row_id for [row_id] in rows])

    def _flag(self, health) -> dict[str, int]:
        """Flag these customers, or change or escalate the flags that they have.

        :return: how many, by field of the run.
        """
        flags = self.env["crm.customer.flag"]
        rows = {row.partner_id: row for row in health}
        known = flags._get_open(self.company_id, health.partner_id)
        misdirected = known._get_misdirected()
        outdated = known._get_outdated(rows) | flags.browse(misdirected)
        due = known._get_due_for_escalation() - flags.browse(misdirected)
        waiting = health.filtered(lambda row: row.partner_id not in known.partner_id)
        new = self._get_largest(waiting)
        raised = flags._raise_flags(new) if new else flags
        if outdated:
            outdated._change_flags(
                health.filtered(lambda row: row.partner_id in outdated.partner_id), misdirected
            )
        escalated = (
            due._escalate_flags(health.filtered(lambda row: row.partner_id in due.partner_id))
            if due
            else flags
        )
        return {
            "flagged_count": len(raised),
            "postponed_count": len(waiting - new),
            "changed_count": len(outdated),
            "escalated_count": len(escalated),
            "unchanged_count": len(known - outdated - escalated),
            "unassigned_count": len((raised | known).filtered(lambda flag: not flag.assigned_id)),
        }
