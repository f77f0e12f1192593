from odoo import api, fields, models
from odoo.exceptions import AccessError

from .customers import Customers
from .ledger import Ledger
from .register import Register
from .work import Work

#: Who may start a verification and read what it found, in their companies.
GROUP = "account.group_account_manager"


class AccountReceivableVerification(Register, Customers, Ledger, Work, models.Model):
    """A run in which what we keep of receivables is recomputed plainly from the journals.

    The recomputation is written apart from the figures' SQL: record by record through the ORM,
    simple and slow. Nothing is corrected: who reads the differences decides what to do about them.
    """

    _name = "account.receivable.verification"
    _description = "Verification of Receivables"
    _order = "id desc"

    company_ids = fields.Many2many(
        "res.company", string="Companies", required=True, readonly=True, help="Whose books."
    )
    user_id = fields.Many2one("res.users", "Started By", readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
    )
    started_at = fields.Datetime("Started", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    check_ids = fields.One2many(
        "account.receivable.verification.check", "verification_id", "Checks", readonly=True
    )
    total_ids = fields.One2many(
        "account.receivable.verification.total",
        "verification_id",
        "Sums Against the Ledger",
        readonly=True,
    )
    difference_ids = fields.One2many(
        "account.receivable.verification.difference",
        "verification_id",
        "Differences",
        readonly=True,
    )
    progress = fields.Float(
        compute="_compute_counts", help="How much of what is to be recomputed is done, in percent."
    )
    checked_count = fields.Integer(
        "Checked", compute="_compute_counts", help="Records whose figures were recomputed."
    )
    difference_count = fields.Integer(
        "Differences Found",
        compute="_compute_counts",
        help="Figures that are not what the journals say.",
    )
    waiting_count = fields.Integer(
        "Being Updated",
        compute="_compute_counts",
        help="Records that wait to follow a change in accounting: what differs is no error.",
    )
    failed_count = fields.Integer(
        "Not Recomputed",
        compute="_compute_counts",
        help="Records that could not be recomputed, each with the reason among the differences.",
    )

    @api.depends("started_at", "create_date")
    def _compute_display_name(self):
        for run in self:
            day = fields.Datetime.context_timestamp(run, run.started_at or run.create_date).date()
            run.display_name = self.env._("Verification of %s", fields.Date.to_string(day))

    @api.depends("check_ids.checked_count", "check_ids.state", "state")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_counts(self):
        """Of what the user may see: the checks of own companies."""
        names = ("checked_count", "difference_count", "waiting_count", "failed_count")
        counts = {
            run.id: amounts
            for run, *amounts in self.env["account.receivable.verification.check"]._read_group(
                [("verification_id", "in", self.ids)],
                ["verification_id"],
                [*(f"{name}:sum" for name in names), "total_count:sum"],
            )
        }
        for run in self:
            *amounts, total = counts.get(run.id, (0, 0, 0, 0, 0))
            run.update(dict(zip(names, amounts, strict=True)))
            run.progress = 100.0 if run.state == "done" else 0.0
            if run.state != "done" and total:
                # What is added meanwhile is not in the total.
                run.progress = min(100.0 * run.checked_count / total, 99.0)

    def action_verify_now(self):
        """Have the books of the current companies verified, by the scheduled action.

        :return: the run, or the one that does so already
        """
        self._check_may_verify()
        run = self._request(self.env.companies, self.env.user)
        return run._get_form_action()

    def action_cancel(self):
        """Stop where it is; what was found so far stays."""
        self._check_may_verify()
        self.check_access("read")
        for run in self:
            if run.sudo().company_ids - self.env.companies:
                raise AccessError(
                    self.env._("This verification is also of companies that are not yours.")
                )
        # Nobody writes runs but through these buttons.
        self.sudo().filtered(lambda run: run.state in ("waiting", "running")).write(
            {"state": "cancelled", "finished_at": fields.Datetime.now()}
        )

    def action_view_differences(self):
        """Open what differs, to filter and group."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "account_receivable_verify.account_receivable_verification_difference_action"
        )
        return {
            **action,
            "domain": [("verification_id", "=", self.id)],
            "context": {"search_default_group_by_check": 1},
        }

    def _check_may_verify(self):
        if not self.env.su and not self.env.user.has_group(GROUP):
            raise AccessError(self.env._("Only Accounting administrators verify receivables."))

    @api.model
    def _request(self, companies, user):
        """Have these companies verified, unless a run that does just that is not done yet."""
        runs_sudo = self.sudo().with_context(active_test=False)  # nobody may write runs
        run = runs_sudo.search([("state", "in", ("waiting", "running"))]).filtered(
            lambda run: run.company_ids == companies
        )[:1]
        if not run:
            run = runs_sudo.create({"company_ids": companies.ids, "user_id": user.id})
        self.env.ref("account_receivable_verify.ir_cron_verify").sudo()._trigger()
        return run.sudo(False)

    def _get_form_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }
