from odoo import models
from odoo.fields import Domain
from odoo.tools import clean_context, format_date


class CrmCustomerOffer(models.AbstractModel):
    """Who may be offered something can be written to, if there is an address and no objection."""

    _inherit = "crm.customer.offer"

    def action_add_to_mailing_list(self):
        """Put the customers on mailing lists with the lists' names and the day, once each.

        Left out, and counted: customers without e-mail, blacklisted addresses, and who opted out
        of any mailing list or does not want to be offered anything.
        """
        self.check_access("read")
        self.env["mailing.list"].check_access("create")
        # What stands in a context would fill in fields, and choose lists.
        return self.with_context(clean_context(self.env.context))._put_on_mailing_lists()

    def _put_on_mailing_lists(self):
        reasons = self._get_reasons_against_mailing()
        rows = self.filtered(lambda row: row.partner_id not in reasons)
        by_list = rows._get_by_list()
        for kind, listed in by_list.items():
            listed._subscribe(self._get_mailing_list(kind))
        done = self.browse().union(*by_list.values())
        self._keep_effect("mailing", done)
        count = len(done.partner_id)
        if not reasons:
            return self._get_done(self.env._("On the mailing list: %(count)s.", count=count))
        counts = [*reasons.values()]
        return self._get_done(
            self.env._(
                "On the mailing list: %(count)s. Left out: %(nowhere)s without e-mail,"
                " %(blacklisted)s blacklisted, %(opted_out)s opted out.",
                count=count,
                nowhere=counts.count("nowhere"),
                blacklisted=counts.count("blacklisted"),
                opted_out=counts.count("opted_out"),
            )
        )

    def _get_reasons_against_mailing(self) -> dict:
        """Why customers are not written to: ``nowhere``, ``blacklisted`` or ``opted_out``."""
        partners = self.partner_id
        emails = [email for email in set(partners.mapped("email_normalized")) if email]
        blacklisted = set(
            self.env["mail.blacklist"].search([("email", "in", emails)]).mapped("email")
        )
        opted_out = set(
            self.env["mailing.subscription"]
            .search([("opt_out", "=", True), ("contact_id.email_normalized", "in", emails)])
            .contact_id.mapped("email_normalized")
        )
        reasons = {}
        for partner in partners:
            if not partner.email_normalized:
                reasons[partner] = "nowhere"
            elif partner.email_normalized in blacklisted:
                reasons[partner] = "blacklisted"
            elif partner.email_normalized in opted_out or partner.is_left_out_of_lists:
                reasons[partner] = "opted_out"
        return reasons

    def _get_mailing_list(self, kind: str):
        """The mailing list of a list and of today."""
        lists = self.env["mailing.list"]
        name = self.env._(
            "%(list)s, %(date)s",
            list=self._get_list_titles()[kind],
            date=format_date(self.env, self.env.company._get_today()),
        )
        return lists.search([("name", "=", name)], limit=1) or lists.create({"name": name})

    def _subscribe(self, mailing_list):
        """Put these customers on a mailing list. Mailing contacts that are there are taken, the
        oldest of each address.
        """
        partners = {partner.email_normalized: partner for partner in self.partner_id[::-1]}
        contacts = self.env["mailing.contact"]
        known = {
            contact.email_normalized: contact
            for contact in contacts.search(
                [("email_normalized", "in", list(partners))], order="id desc"
            )
        }
        created = contacts.create(
            [
                {
                    "name": partner.name,
                    "email": partner.email_normalized,
                    "country_id": partner.country_id.id,
                }
                for email, partner in partners.items()
                if email not in known
            ]
        )
        wanted = contacts.union(*known.values()) | created
        there = self.env["mailing.subscription"].search(
            Domain("list_id", "=", mailing_list.id) & Domain("contact_id", "in", wanted.ids)
        )
        self.env["mailing.subscription"].create(
            [
                {"contact_id": contact.id, "list_id": mailing_list.id}
                for contact in wanted - there.contact_id
            ]
        )
        # Core has the same rows as many2many fields, which do not know.
        mailing_list.invalidate_recordset(["contact_ids"])
        wanted.invalidate_recordset(["list_ids"])
