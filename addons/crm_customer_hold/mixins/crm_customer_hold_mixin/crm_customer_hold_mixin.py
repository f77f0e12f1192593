from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import ALL_CUSTOMERS_GROUP

from .overriding import Overriding
from .waiting import Waiting


class CrmCustomerHoldMixin(Overriding, Waiting, models.AbstractModel):
    """A document that waits while its customer is on hold, unless somebody overrides the hold.

    To hold documents of a model: inherit this mixin beside ``mail.thread`` and fill the hooks
    :meth:`_get_hold_mode`, :meth:`_get_hold_fields`, :meth:`_get_holdable_domain`,
    :meth:`_get_hold_customer`, :meth:`_get_hold_customer_domain`,
    :meth:`_get_hold_override_groups` and :meth:`_get_hold_extent_sql`; then refuse what must wait
    with :meth:`_check_hold`. The model needs a field ``company_id``.

    Portal users may read their documents: what we think of them is for internal users. How a hold
    is overridden, and until when, says the other part of this mixin.
    """

    _name = "crm.customer.hold.mixin"
    _description = "Held While the Customer Owes"

    is_held = fields.Boolean(
        "On Hold",
        compute="_compute_is_held",
        search="_search_is_held",
        groups="base.group_user",
        help="The customer is on hold by the company's customer health policy.",
    )
    hold_status = fields.Selection(
        [("held", "On Hold"), ("overridden", "Overridden")],
        string="Hold",
        compute="_compute_hold_status",
        groups="base.group_user",
        help="Whether the customer is on hold, or somebody overrode the hold of this document.",
    )
    hold_reason = fields.Text(
        compute="_compute_hold_reason",
        groups="base.group_user",
        help="What the customer owes and since when, in words for those who may not see amounts;"
        " empty if nothing holds this document.",
    )
    is_hold_blocking = fields.Boolean(
        compute="_compute_hold_reason",
        groups="base.group_user",
        help="It is not only a warning: the document must wait.",
    )
    hold_deciders = fields.Char(
        "Whom to Ask",
        compute="_compute_hold_deciders",
        compute_sudo=True,
        groups="base.group_user",
        help="Who is asked for the release.",
    )
    hold_asked_on = fields.Date(
        "Release Asked On",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="When somebody asked for the release; empty once it was decided.",
    )

    # Overriding
    can_override_hold = fields.Boolean(
        compute="_compute_can_override_hold", groups="base.group_user"
    )
    hold_override_id = fields.Many2one(
        "crm.customer.hold.override",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_system",
        help="Who let this document pass although its customer was on hold.",
    )
    is_hold_rejected = fields.Boolean(
        "Override Rejected",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Somebody who may override the hold decided that it stays.",
    )
    hold_override_note = fields.Text(
        "Hold Overridden",
        compute="_compute_hold_override_note",
        compute_sudo=True,
        groups="base.group_user",
    )
    # Hooks -----------------------------------------------------------------------------------

    @api.model
    def _get_hold_mode(self, company) -> str:
        """Hook: what a hold means in this company: ``off``, ``warn`` or ``block``."""
        return "off"

    @api.model
    def _get_hold_fields(self) -> tuple[str, ...]:
        """Hook: fields that say who owes and whether a hold means something."""
        return ("company_id", "partner_id")

    @api.model
    def _get_holdable_domain(self) -> Domain:
        """Hook: documents for which a hold means something, such as those not done yet."""
        return Domain.TRUE

    def _get_hold_customer(self):
        """Hook: who owes for this document. Its commercial partner is on hold or not."""
        return self.partner_id

    @api.model
    def _get_hold_customer_domain(self, customers) -> Domain:
        """Hook: documents of these customers, as :meth:`_get_hold_customer` finds them.

        :param customers: a query of commercial partners.
        """
        return Domain("partner_id.commercial_partner_id", "in", customers)

    def _can_see_hold_reason(self) -> bool:
        """Whether the user may know what the customer of this document owes, with whatever rights
        the document was found.

        A customer that was never invoiced has no figures: then whoever would see them.
        """
        self.ensure_one()
        user = self.env.user
        customer_sudo = self.sudo()._get_hold_customer().commercial_partner_id  # may be hidden
        customer = customer_sudo.with_env(self.env(su=False))
        return (
            user.has_group(ALL_CUSTOMERS_GROUP)
            or bool(customer._get_health_of_companies(self.sudo().company_id))
            or (
                user.has_group("sales_team.group_sale_salesman")
                and customer_sudo.user_id in (user, user.browse())
            )
        )

    # Fields ----------------------------------------------------------------------------------

    def _get_held_where(self, is_meant) -> dict:
        """Documents of these for which a hold means something and is not overridden, by company.

        :param is_meant: of companies whose mode fulfils this condition.
        """
        open_documents = self.filtered_domain(self._get_holdable_domain())
        open_documents -= open_documents._filter_overridden()
        return {
            company: documents
            for company, documents in open_documents.grouped("company_id").items()
            if company and is_meant(self._get_hold_mode(company))
        }

    def _get_hold_depends(self):
        return (*self._get_hold_fields(), "hold_override_id")

    @api.depends(_get_hold_depends)
    @api.depends_context("uid", "lang")
    def _compute_is_held(self):
        """By stored figures: a list costs the same number of statements however long it is."""
        self.is_held = False
        for company, documents in self._get_held_where(lambda mode: mode != "off").items():
            held = set(self.env["res.partner"]._get_held_query(company).get_result_ids())
            for document in documents:
                # Who owes may be hidden from who sees the document.
                customer_sudo = document.sudo()._get_hold_customer().commercial_partner_id
                document.is_held = customer_sudo.id in held

    @api.model
    def _search_is_held(self, operator, value):
        # A search method is asked before the field's groups are.
        self._check_field_access(self._fields["is_held"], "read")
        if operator != "in":
            return NotImplemented
        held = Domain.OR(
            Domain("company_id", "=", company.id)
            & self._get_hold_customer_domain(self.env["res.partner"]._get_held_query(company))
            for company in self.env.companies
            if self._get_hold_mode(company) != "off"
        )
        held &= self._get_holdable_domain() & ~Domain("id", "in", self._get_overridden_query())
        return held if True in value else ~held

    @api.depends("is_held")
    def _compute_hold_status(self):
        overridden = self.filtered_domain(self._get_holdable_domain())._filter_overridden()
        for document in self:
            if document.is_held:
                document.hold_status = "held"
            elif document in overridden:
                document.hold_status = "overridden"
            else:
                document.hold_status = False

    @api.depends(_get_hold_depends)
    @api.depends_context("uid", "lang")
    def _compute_hold_reason(self):
        """By the journals as of now."""
        reasons = self._get_hold_reasons()
        blocked = self._get_held_where(lambda mode: mode == "block")
        for document in self:
            document.hold_reason = reasons.get(document.id, False)
            document.is_hold_blocking = bool(
                document.hold_reason and document in blocked.get(document.company_id, self.browse())
            )

    def _get_hold_reasons(self, is_meant=lambda mode: mode != "off") -> dict:
        """Which of these documents are held at this moment, and why, as the user may know it.

        :param is_meant: in companies whose mode fulfils this condition.
        :return: a sentence by document id.
        """
        reasons = {}
        for company, documents in self._get_held_where(is_meant).items():
            reasons.update(documents._get_hold_reasons_in(company))
        return reasons

    def _get_hold_reasons_in(self, company) -> dict:
        """Why the customers of these documents are on hold in the company, as the user may know it,
        by document id.
        """
        return {
            document.id: hold.reason if document._can_see_hold_reason() else hold.in_words
            for document, hold in self._get_holds_in(company).items()
        }

    def _get_holds_in(self, company) -> dict:
        """The holds of the customers of these documents in the company, by document."""
        customers = {
            document: document.sudo()._get_hold_customer()  # who owes may be hidden
            for document in self
        }
        holds = self.env["res.partner"].union(*customers.values())._get_holds(company)
        return {
            document: holds[customer.id]
            for document, customer in customers.items()
            if customer.id in holds
        }

    # What happens ----------------------------------------------------------------------------

    def _check_hold(self):
        """Refuse what these documents are about to do if a hold blocks one of them.

        :raise UserError: says for each what is owed since when, and who may override.
        """
        self._refuse_held(self._get_blocked())

    def _refuse_held(self, reasons: dict):
        """:param reasons: why a hold is in the way, by document; empty if none is."""
        held = [
            self.env._("%(document)s: %(reason)s", document=document.display_name, reason=reason)
            for document, reason in reasons.items()
        ]
        if held:
            raise UserError("\n".join([*held, self._get_hold_advice()]))

    def _get_blocked(self) -> dict:
        """The documents of these that a hold blocks at this moment, and why."""
        reasons = self._get_hold_reasons(lambda mode: mode == "block")
        return {document: reasons[document.id] for document in self if document.id in reasons}

    def _get_hold_advice(self) -> str:
        """Who may override the hold, as the last sentence of a refusal."""
        if self._may_override_hold():
            return self.env._("You may override the hold with a reason: Override Hold.")
        groups = [
            self.env.ref(xmlid).sudo().full_name  # names of groups, for who has none of them
            for xmlid in self._get_hold_override_groups().split(",")
        ]
        return self.env._("The hold may be overridden by: %(groups)s.", groups=", ".join(groups))

    # Ways around it --------------------------------------------------------------------------

    def _get_guarded(self):
        """Documents of these that a hold blocks, unless the user may override it: a change must not
        take them off hold. For models where such a change is no everyday work.

        :return: with full rights, for :meth:`_refuse_escape` once the change is made.
        """
        documents_sudo = self.sudo()  # who changes an order may not see its deliveries
        if self._may_override_hold():
            return documents_sudo.browse()
        return documents_sudo.browse().union(*documents_sudo._get_blocked())

    @api.model
    def _refuse_escape(self, guarded_sudo):
        """Refuse a change after which a hold does not block these documents any more.

        :raise UserError: says which, and who may override.
        """
        escaped = guarded_sudo - guarded_sudo.browse().union(*guarded_sudo._get_blocked())
        if escaped:
            self._raise_escaped(escaped)

    @api.model
    def _raise_escaped(self, documents_sudo):
        raise UserError(
            self.env._(
                "This would take off hold what is on hold: %(documents)s",
                documents=", ".join(documents_sudo.mapped("display_name")),
            )
            + "\n"
            + self._get_hold_advice()
        )
