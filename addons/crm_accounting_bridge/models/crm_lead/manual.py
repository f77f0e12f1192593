from odoo import api, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from ..billing_status import BILLING_STATUSES

#: What finance may set by hand. Overdue is missing: it follows from the due date.
MANUAL_STATUSES = [status for status in BILLING_STATUSES if status[0] != "overdue"]

#: Manual statuses of deals without an invoice, and of deals whose invoice is void.
WITHOUT_AMOUNT_STATUSES = ("none", "quoted", "ordered", "credited")

#: Fields that only :meth:`crm.lead._set_manual_billing` and its opposite may write.
MANUAL_FIELDS = frozenset(
    (
        "billing_source",
        "manual_billing_status",
        "manual_currency_id",
        "manual_invoiced",
        "manual_paid",
        "manual_invoice_date",
        "manual_payment_date",
        "manual_due_date",
        "manual_reason",
        "manual_user_id",
        "manual_date",
        "is_manual_conflict_told",
    )
)

#: Of these, what the log of changes by hand says; the others follow.
LOGGED_FIELDS = (
    "billing_source",
    "manual_billing_status",
    "manual_invoiced",
    "manual_paid",
    "manual_invoice_date",
    "manual_payment_date",
    "manual_due_date",
    "manual_reason",
)

_ACTIVITY_TYPE = "crm_accounting_bridge.mail_activity_type_manual_billing"


class Manual:
    """Deals that are invoiced in another program: finance says what became of them.

    The values set by hand take the place of the invoices: figures, status and stage follow from
    them as they follow from invoices, overdue from the due date. Invoices in Odoo do not count
    for such a deal until finance puts it back to automatic; finance is told once when there are.
    """

    __slots__ = ()

    def _get_manual_values(self) -> dict[int, dict]:
        """The deals' stored billing fields from what was set by hand, by deal id.

        Taxes are not asked for, so that the untaxed amount is the amount invoiced.
        """
        if not self:
            return {}
        lead_ids_with_invoices = self._get_billing_figures().keys()
        todays = self._get_todays()
        values_by_lead = {}
        for lead in self:
            today = todays[lead.company_id]
            due = lead.manual_currency_id.round(lead.manual_invoiced - lead.manual_paid)
            is_open = due > 0
            is_overdue = is_open and lead.manual_due_date and lead.manual_due_date < today
            payment_date = lead.manual_paid and max(
                lead.manual_payment_date, lead.manual_invoice_date
            )
            is_paid = lead.manual_billing_status == "paid"
            values_by_lead[lead.id] = {
                "billing_currency_id": lead.manual_currency_id.id,
                "invoiced_untaxed": lead.manual_invoiced,
                "invoiced_total": lead.manual_invoiced,
                "credited_total": 0.0,
                "paid_total": lead.manual_paid,
                "discount_total": 0.0,
                "written_off_total": 0.0,
                "due_total": due,
                "overdue_total": due if is_overdue else 0.0,
                "first_invoice_date": lead.manual_invoice_date,
                "next_due_date": lead.manual_due_date if is_open else False,
                "last_payment_date": payment_date or False,
                "paid_date": payment_date if is_paid else False,
                "billing_as_of_date": today,
                "billing_status": "overdue" if is_overdue else lead.manual_billing_status,
                "has_uncounted_invoices": lead.id in lead_ids_with_invoices,
            }
        return values_by_lead

    @api.constrains(
        "billing_source",
        "manual_billing_status",
        "manual_invoiced",
        "manual_paid",
        "manual_invoice_date",
        "manual_payment_date",
        "manual_due_date",
        "manual_reason",
    )
    def _check_manual_billing(self):
        for lead in self:
            if lead.billing_source == "manual" and (error := lead._get_manual_billing_error()):
                raise ValidationError(
                    self.env._("%(opportunity)s: %(error)s", opportunity=lead.name, error=error)
                )

    def _get_manual_billing_error(self) -> str | None:
        """What contradicts itself in the values set by hand, as a sentence."""
        self.ensure_one()
        status = self.manual_billing_status
        label = dict(self._fields["manual_billing_status"]._description_selection(self.env)).get(
            status
        )
        today = (self.company_id or self.env.company)._get_today()
        compare = self.manual_currency_id.compare_amounts
        invoiced, paid = self.manual_invoiced, self.manual_paid
        is_open = compare(invoiced, paid) > 0
        has_invoice = status not in WITHOUT_AMOUNT_STATUSES
        rules = [
            (self.type != "opportunity", self.env._("Only an opportunity has a billing status.")),
            (not status, self.env._("Choose a billing status.")),
            (
                not (self.manual_reason or "").strip(),
                self.env._("Say why the status is set by hand."),
            ),
            (
                compare(invoiced, 0.0) < 0 or compare(paid, 0.0) < 0,
                self.env._("Amounts cannot be negative."),
            ),
            (compare(paid, invoiced) > 0, self.env._("More is paid than was invoiced.")),
            (
                not has_invoice and (compare(invoiced, 0.0) or compare(paid, 0.0)),
                self.env._(
                    "With status “%(status)s” nothing can be invoiced or paid.", status=label
                ),
            ),
            (
                has_invoice and not compare(invoiced, 0.0),
                self.env._("Status “%(status)s” needs an invoiced amount.", status=label),
            ),
            (
                status == "paid" and is_open,
                self.env._("It cannot be paid while something is due: use “Partly Paid”."),
            ),
            (
                status == "invoiced" and compare(paid, 0.0) > 0,
                self.env._("Something is paid: use “Partly Paid” or “Paid”."),
            ),
            (
                status == "partially_paid" and not (is_open and compare(paid, 0.0) > 0),
                self.env._("“Partly Paid” means that something is paid and something is due."),
            ),
            (
                has_invoice and not self.manual_invoice_date,
                self.env._("An invoiced amount needs an invoice date."),
            ),
            (
                compare(paid, 0.0) > 0 and not self.manual_payment_date,
                self.env._("A paid amount needs a payment date."),
            ),
            (is_open and not self.manual_due_date, self.env._("An amount due needs a due date.")),
            (
                self.manual_due_date
                and self.manual_invoice_date
                and self.manual_due_date < self.manual_invoice_date,
                self.env._("The due date is before the invoice date."),
            ),
            (
                max(self.manual_invoice_date or today, self.manual_payment_date or today) > today,
                self.env._("Invoice date and payment date cannot be in the future."),
            ),
        ]
        return next((sentence for is_broken, sentence in rules if is_broken), None)

    def _track_get_default_log_message(self, tracked_fields):
        if not MANUAL_FIELDS.isdisjoint(tracked_fields) and len(self) == 1:
            if self.sudo().billing_source == "manual":
                return self.env._("Billing set by hand: %(reason)s", reason=self.manual_reason)
            return self.env._("Billing follows the invoices in Odoo again.")
        return super()._track_get_default_log_message(tracked_fields)

    def action_back_to_automatic(self):
        """Have figures, status and stage follow the invoices in Odoo again."""
        leads_sudo = self._get_leads_to_set_billing()
        leads_sudo = leads_sudo.filtered(lambda lead: lead.billing_source == "manual")
        leads_sudo._track_set_author(self.env.user.partner_id)
        with self.env["crm.accounting.log"]._logging(leads_sudo, LOGGED_FIELDS):
            leads_sudo.write(
                dict.fromkeys(MANUAL_FIELDS, False)
                | {"billing_source": "automatic", "is_manual_conflict_told": False}
            )
        leads_sudo.activity_feedback(
            [_ACTIVITY_TYPE], feedback=self.env._("Billing follows the invoices in Odoo again.")
        )
        leads_sudo._refresh_billing()._collect_billing()

    def _set_manual_billing(self, values):
        """Set the deals' figures by hand; the caller must belong to Invoicing.

        :param values: ``manual_billing_status``, ``manual_invoiced``, ``manual_paid``,
            ``manual_invoice_date``, ``manual_payment_date``, ``manual_due_date``,
            ``manual_reason``; amounts in the deals' currency, taxes included. What is missing is
            emptied.
        """
        cleared = dict.fromkeys(MANUAL_FIELDS, False)
        leads_sudo = self._get_leads_to_set_billing()
        leads_sudo._track_set_author(self.env.user.partner_id)
        lead_ids_with_invoices = leads_sudo._get_billing_figures().keys()
        with self.env["crm.accounting.log"]._logging(leads_sudo, LOGGED_FIELDS):
            for lead in leads_sudo:
                lead.write(
                    cleared
                    | values
                    | {
                        "billing_source": "manual",
                        "manual_currency_id": lead._get_manual_currency().id,
                        "manual_user_id": self.env.uid,
                        "manual_date": fields.Datetime.now(),
                        # Whoever sets it sees in the wizard that there are invoices.
                        "is_manual_conflict_told": lead.id in lead_ids_with_invoices,
                    }
                )
        leads_sudo._refresh_billing()._collect_billing()

    def _get_manual_currency(self):
        """The currency in which finance states a deal's amounts."""
        self.ensure_one()
        return (
            self.company_id.currency_id or self.billing_currency_id or self.env.company.currency_id
        )

    def _get_leads_to_set_billing(self):
        """These deals with full rights, for those who may set their billing and for nobody else.

        Invoicing may read opportunities, not write on them: it changes nothing but the fields by
        hand, through the two methods that call this one.
        """
        if not self.env.su and not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(
                self.env._("Only Invoicing sets the billing status of opportunities.")
            )
        self.check_access("read")
        if self.filtered(lambda lead: lead.type != "opportunity"):
            raise UserError(self.env._("Only an opportunity has a billing status."))
        # No caller's context may switch off the history.
        return self.sudo().with_context(tracking_disable=False, mail_notrack=False)

    def _tell_finance_of_invoices(self):
        """Ask finance once, in an activity, whether invoices or the figures by hand hold."""
        leads = self.filtered(
            lambda lead: lead.has_uncounted_invoices and not lead.is_manual_conflict_told
        )
        leads.is_manual_conflict_told = True
        for lead in leads:
            user = lead._get_manual_billing_user()
            lead.with_context(lang=user.lang).activity_schedule(
                _ACTIVITY_TYPE,
                user_id=user.id,
                note=lead.with_context(lang=user.lang).env._(
                    "There are invoices in Odoo for this opportunity, whose figures were set by"
                    " hand on %(date)s. The figures stay as they are until you choose “Back to"
                    " Automatic”; mark this activity as done to keep them.",
                    date=format_date(self.env, lead.manual_date, lang_code=user.lang),
                ),
            )

    def _get_manual_billing_user(self):
        """Who decides on a deal: who set it, else who made the invoice, else some accountant."""
        self.ensure_one()
        group = self.env.ref("account.group_account_invoice")
        lines = self.env["account.move.line"].search(
            [("opportunity_id", "=", self.id), ("parent_state", "=", "posted")]
        )
        accountants = lines.move_id.sorted("id", reverse=True).create_uid
        candidates = self.manual_user_id | accountants | group.all_user_ids.sorted("id")
        company = self.company_id or self.env.company
        return next(
            (
                user
                for user in candidates
                if user.active and group in user.all_group_ids and company in user.company_ids
            ),
            self.env.user,
        )

    def _merge_manual_billing(self, opportunities):
        """Figures by hand survive the merge, unless the remaining deal has figures of its own."""
        tail_sudo = opportunities.sudo().filtered(lambda lead: lead.billing_source == "manual")[:1]
        head_sudo = self.sudo()
        if (
            tail_sudo
            and head_sudo.billing_source != "manual"
            and not head_sudo._get_billing_figures()
        ):
            values = tail_sudo.read(MANUAL_FIELDS, load=None)[0]
            values.pop("id")
            head_sudo.write(values)
            head_sudo._collect_billing()
