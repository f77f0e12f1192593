from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CrmCustomerOffer(models.AbstractModel):
    """A row of a list that says what may be offered to a customer: what was stopped, falls, is
    due, or is suggested; with actions for the selection, and the veto of who is left alone.
    """

    _name = "crm.customer.offer"
    _description = "What May Be Offered to a Customer"

    is_left_alone = fields.Boolean(
        compute="_compute_is_left_alone",
        search="_search_is_left_alone",
        help="The customer is at risk, on hold, or does not want to be offered anything.",
    )

    @api.model
    def _get_left_alone_domain(self) -> Domain:
        """Hook: rows of customers whom nobody offers anything for the time being."""
        partners = self.env["res.partner"].sudo()  # which customers: nothing of them is shown
        health = self.env["crm.customer.health"].sudo()
        return Domain("partner_id", "in", partners._search(partners._get_left_alone_domain())) | (
            Domain.OR(
                Domain("company_id", "=", company.id)
                & Domain(
                    "partner_id",
                    "in",
                    health._search(
                        [("company_id", "=", company.id), ("health_status", "=", "at_risk")]
                    ).subselect("partner_id"),
                )
                for company in self.env.companies
            )
        )

    @api.depends("partner_id", "company_id")
    def _compute_is_left_alone(self):
        left_alone = self.search(Domain("id", "in", self.ids) & self._get_left_alone_domain())
        for row in self:
            row.is_left_alone = row in left_alone

    def _search_is_left_alone(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._get_left_alone_domain()
        return domain if True in value else ~domain

    @api.model
    def _get_list_domain(self, kind: str) -> Domain:
        """Hook: the rows of the list ``kind``."""
        return Domain.TRUE

    def _get_offer_kind(self) -> str:
        """Hook: the list that the row belongs to."""
        return "suggested"

    def _get_offer_text(self) -> str:
        """Hook: what the customer may be offered, in a sentence without amounts."""
        return ""

    @api.model
    def _get_list_titles(self) -> dict[str, str]:
        return {
            "lapsed": self.env._("Stopped Buying"),
            "falling": self.env._("Falling"),
            "due": self.env._("Due to Reorder"),
            "suggested": self.env._("Suggested"),
        }

    @api.model
    def action_open_list(self, kind: str):
        """Open a list without customers who are left alone; its title says how many there are.

        :param kind: ``lapsed``, ``falling``, ``due`` or ``suggested``
        :raise UserError: for anything else.
        """
        self.check_access("read")
        titles = self._get_list_titles()
        if not isinstance(kind, str) or kind not in titles:
            raise UserError(self.env._("There is no such list."))
        domain = self._get_list_domain(kind)
        left_out = len(
            self._read_group(
                domain & Domain("is_left_alone", "=", True), ["company_id", "partner_id"]
            )
        )
        name = titles[kind]
        if left_out:
            name = self.env._("%(list)s (customers left out: %(count)s)", list=name, count=left_out)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"crm_customer_purchase.{self._table}_action"
        )
        return {
            **action,
            "name": name,
            "display_name": name,
            "domain": list(domain),
            "context": {"search_default_not_left_alone": 1},
        }

    # What is done with a selection ---------------------------------------------------------------

    def _get_by_customer(self):
        """The rows that the user may see, by company and customer."""
        self.check_access("read")
        rows = defaultdict(self.browse)
        for row in self:
            rows[row.company_id, row.partner_id] |= row
        return rows

    def _get_offer_texts(self) -> str:
        return "\n".join(row._get_offer_text() for row in self)

    def action_schedule_activity(self):
        """A to-do for each customer's salesperson, on the customer's row, where only who may see
        the figures finds it. One that is there already is left as it is.
        """
        title = self.env._("Talk about what the customer buys")
        by_customer = self._get_by_customer()
        health = self.env["crm.customer.health"].search(
            [
                ("company_id", "in", self.company_id.ids),
                ("partner_id", "in", self.partner_id.ids),
            ]
        )
        health = health.filtered(
            lambda row: (
                (row.company_id, row.partner_id) in by_customer
                and title not in row.activity_ids.mapped("summary")
            )
        )
        done = self.browse()
        for user, rows_of_user in health.grouped(self._get_assignee).items():
            readable = (
                rows_of_user if user == self.env.user else rows_of_user._filter_readable_by(user)
            )
            for row in rows_of_user:
                offers = by_customer[row.company_id, row.partner_id]
                row.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=title,
                    note=offers._get_offer_texts(),
                    user_id=(user if row in readable else self.env.user).id,
                )
                done |= offers
        self._keep_effect("activity", done)
        return self._get_done(self.env._("Activities: %(count)s.", count=len(health)))

    def _get_assignee(self, health):
        """Who gets the activity of a customer, if he may see it."""
        user = health.partner_id.user_id
        return user if user.active else self.env.user

    def action_create_opportunities(self):
        """An opportunity for each customer, with what may be offered in its notes."""
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": self.env._("Offer to %(name)s", name=partner.display_name),
                    "type": "opportunity",
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "user_id": (partner.user_id or self.env.user).id,
                    "description": rows._get_offer_texts(),
                }
                for (company, partner), rows in self._get_by_customer().items()
            ]
        )
        self._keep_effect("opportunity", self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Opportunities"),
            "res_model": "crm.lead",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", leads.ids)],
        }

    def action_tag_customers(self):
        """The contacts get a tag with the list's name, which is made if there is none."""
        tags = self.env["res.partner.category"]
        self.check_access("read")
        for kind, rows in self.grouped(lambda row: row._get_offer_kind()).items():
            name = self._get_list_titles()[kind]
            tag = tags.search([("name", "=", name)], limit=1) or tags.create({"name": name})
            rows.partner_id.write({"category_id": [Command.link(tag.id)]})
        self._keep_effect("tag", self)
        return self._get_done(
            self.env._("Contacts with the tag: %(count)s.", count=len(self.partner_id))
        )

    # What came of it -----------------------------------------------------------------------------

    @api.model
    def _get_list_kinds(self) -> tuple[str, ...]:
        """Hook: the lists that rows of this model stand in."""
        return ("suggested",)

    def _get_by_list(self):
        """The rows by the list that they were taken from: what is in none is left out.

        A row may stand in two lists. The one that has most of the selection is the one that was
        open: what the rows are is asked, and nothing that who calls could say.
        """
        found = {
            kind: self.search_fetch(
                Domain("id", "in", self.ids) & self._get_list_domain(kind),
                ["company_id", "partner_id"],
            )
            for kind in self._get_list_kinds()
        }
        by_list, left = {}, self
        while found:
            sizes = {kind: len(rows & left) for kind, rows in found.items()}
            kind = max(sizes, key=sizes.get)
            if not sizes[kind]:
                break
            by_list[kind] = found.pop(kind) & left
            left -= by_list[kind]
        return by_list

    def _keep_effect(self, action: str, done):
        """Keep that something was done for these rows, and the rest of the lists that they are in,
        as the user sees it, without who is left alone.

        :param action: one of those of ``crm.customer.list.effect``
        :param done: for which of the rows it was
        """
        effects = self.env["crm.customer.list.effect"].sudo()  # nobody may write what is kept
        for kind, rows in self._get_by_list().items():
            for company, selected in rows.grouped("company_id").items():
                if targeted := selected & done:
                    rest = self._search(
                        self._get_list_domain(kind)
                        & Domain("company_id", "=", company.id)
                        & Domain("is_left_alone", "=", False)
                    )
                    effects._keep(company, kind, action, selected, targeted, rest)

    @api.model
    def _get_done(self, message: str) -> dict:
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": message},
        }
