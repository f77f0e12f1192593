from collections import defaultdict

from odoo.fields import Domain
from odoo.tools import SQL, email_normalize, escape_psql

from .parsing import ImportRow
from .values import normalize_name, normalize_number, normalize_tax_id

#: A customer is looked for by these, in this order: the first that finds somebody decides.
_KINDS = ("customer_ref", "customer_vat", "customer_name", "customer_email")


class Matching:
    """Which customer, opportunity and existing invoice a row means: few searches for all rows."""

    __slots__ = ()

    def _match_customers(self, rows: list[ImportRow]):
        """Set the partner of each row, or an error: nobody, or more than one.

        If the import creates missing customers, their rows stay without a partner until they are
        booked, so that nobody is created for a row that is not imported.
        """
        unmatched = rows
        for kind in _KINDS:
            partners_by_text = self._find_customers(
                kind, {self._get_customer_text(row, kind) for row in unmatched} - {""}
            )
            rest = []
            for row in unmatched:
                partners = partners_by_text.get(self._get_customer_text(row, kind))
                if not partners:
                    rest.append(row)
                elif len(partners) > 1:
                    row.add_error(
                        self.env._(
                            "Several customers match: %(names)s",
                            names=", ".join(
                                f"{partner.display_name} ({partner.id})" for partner in partners[:5]
                            ),
                        ),
                        kind if row.cells.get(kind) else "customer",
                    )
                else:
                    row.partner = partners
                    row.found_by = kind.removeprefix("customer_")
            unmatched = rest
        self._check_matched(rows)
        for row in unmatched:
            if not any(row.cells.get(name) for name in ("customer", *_KINDS)):
                row.add_error(
                    self.env._("The customer is missing."), *self._get_customer_fields(row)
                )
            elif not self.create_customers:
                row.add_error(
                    self.env._("There is no such customer."), *self._get_customer_fields(row)
                )
            else:
                row.found_by = "new"

    def _check_matched(self, rows: list[ImportRow]):
        """What a file says of a customer must fit together: it is never ours, and what its columns
        say leads to nobody else.
        """
        matched = [row for row in rows if row.partner]
        own = self.company_id.sudo().partner_id.commercial_partner_id
        for kind in _KINDS:
            partners_by_text = self._find_customers(
                kind, {text for row in matched if (text := row.cells.get(kind))}
            )
            for row in matched:
                partners = partners_by_text.get(row.cells.get(kind) or "")
                if partners and row.partner not in partners:
                    row.add_error(
                        self.env._(
                            "This leads to another customer: %(name)s",
                            name=partners[:1].display_name,
                        ),
                        kind,
                    )
        for row in matched:
            ref = row.cells.get("customer_ref") or ""
            known = row.partner.ref or ""
            if ref and known and ref.lower() != known.lower():
                row.add_error(
                    self.env._(
                        "%(name)s has another reference: %(ref)s",
                        name=row.partner.display_name,
                        ref=known,
                    ),
                    "customer_ref",
                )
            if row.partner.commercial_partner_id == own:
                row.add_error(
                    self.env._("This is your own company."), *self._get_customer_fields(row)
                )

    def _get_customer_text(self, row: ImportRow, kind: str) -> str:
        """What a kind of match is made with: its own column, else the general one."""
        text = row.cells.get(kind) or row.cells.get("customer") or ""
        if kind == "customer_email":
            return email_normalize(text) or ""
        return text

    def _find_customers(self, kind: str, texts: set[str]) -> dict:
        """Partners by text: those that are active, else the archived ones.

        A company and its contacts count as one, the company: they share tax ID and often the name.
        """
        if not texts:
            return {}
        Partner = self.env["res.partner"].with_context(active_test=False)
        Partner.flush_model(["email_normalized", "name", "ref", "vat"])
        column, key = {
            # Without case; a tax ID also without punctuation.
            "customer_ref": (SQL("lower(ref)"), SQL("lower(text)")),
            "customer_vat": (
                # As :func:`normalize_tax_id`.
                SQL(
                    "ltrim(regexp_replace(regexp_replace(upper(vat), '[^[:alnum:]]', '', 'g'),"
                    " '^[A-Z]{2}(?=[A-Z]?[0-9])', ''), '0')"
                ),
                SQL("key"),
            ),
            "customer_name": (
                # As :func:`normalize_name`.
                SQL("lower(btrim(regexp_replace(name, '[[:space:]\u00a0]+', ' ', 'g')))"),
                SQL("key"),
            ),
            "customer_email": (SQL("email_normalized"), SQL("text")),
        }[kind]
        allowed = Partner._search(Domain("company_id", "in", (False, self.company_id.id)))
        ids_by_text = defaultdict(list)
        normalize = {"customer_vat": normalize_tax_id, "customer_name": normalize_name}.get(kind)
        keys = {text: normalize(text) if normalize else text for text in texts}
        for text, partner_id in self.env.execute_query(
            SQL(
                """
                SELECT text, partner.id
                  FROM unnest(%(texts)s, %(keys)s) sought (text, key)
                  JOIN res_partner partner ON key != '' AND %(column)s = %(key)s
                 WHERE partner.id IN %(allowed)s
                 ORDER BY partner.id
                """,
                texts=list(keys),
                keys=list(keys.values()),
                column=column,
                key=key,
                allowed=allowed.subselect(),
            )
        ):
            ids_by_text[text].append(partner_id)
        result = {}
        for text, partner_ids in ids_by_text.items():
            partners = Partner.browse(partner_ids)
            partners = partners.filtered("active") or partners
            companies = partners.commercial_partner_id
            result[text] = companies if companies <= partners else partners
        return result

    def _create_customers(self, rows: list[ImportRow]):
        """Create the customers of rows that have none, each once."""
        rows_by_key = defaultdict(list)
        for row in rows:
            if not row.partner:
                rows_by_key[self._get_customer_key(row)].append(row)
        partners = self.env["res.partner"].create(
            [self._prepare_customer(key_rows[0]) for key_rows in rows_by_key.values()]
        )
        for partner, key_rows in zip(partners, rows_by_key.values(), strict=True):
            for row in key_rows:
                row.partner = partner

    def _get_customer_key(self, row: ImportRow) -> tuple[str, str]:
        """What tells the customer of one row from that of another: the first that is filled in."""
        texts = ((kind, self._get_customer_text(row, kind).lower()) for kind in _KINDS)
        return next((key for key in texts if key[1]), ("", ""))

    def _get_customer_fields(self, row: ImportRow) -> list[str]:
        fields = [kind for kind in ("customer", *_KINDS) if kind in row.cells]
        return [kind for kind in fields if row.cells[kind]] or fields

    def _prepare_customer(self, row: ImportRow) -> dict:
        """Hook: values of a customer that is to be created."""
        cells = row.cells
        email = cells.get("customer_email") or ""
        customer = cells.get("customer") or ""
        if not email and email_normalize(customer):
            email = customer
        return {
            "name": cells.get("customer_name")
            or customer
            or cells.get("customer_ref")
            or email
            or cells.get("customer_vat"),
            "ref": cells.get("customer_ref") or False,
            "vat": cells.get("customer_vat") or False,
            "email": email or False,
            "is_company": True,
        }

    def _match_opportunities(self, rows: list[ImportRow]):
        """By external id, database id or exact name; it must be found, and only once."""
        texts = {text for row in rows if (text := row.cells.get("opportunity"))}
        if not texts:
            return
        Lead = self.env["crm.lead"].with_context(active_test=False)
        allowed = Domain("type", "=", "opportunity") & Domain(
            "company_id", "in", (False, self.company_id.id)
        )
        found = {
            text: Lead.search(allowed & Domain("id", "=", lead_id))
            for text in texts
            if (lead_id := self._find_lead_id(text))
        }
        missing = [text for text in texts if not found.get(text)]
        by_name = Lead.search(allowed & Domain("name", "in", missing)).grouped("name")
        for row in rows:
            text = row.cells.get("opportunity")
            if not text:
                continue
            leads = found.get(text) or by_name.get(text)
            if not leads:
                row.add_error(self.env._("There is no such opportunity."), "opportunity")
            elif len(leads) > 1:
                row.add_error(
                    self.env._(
                        "Several opportunities have this name; use their ID: %(ids)s",
                        ids=", ".join(str(lead.id) for lead in leads[:5]),
                    ),
                    "opportunity",
                )
            else:
                row.opportunity = leads

    def _find_lead_id(self, text: str) -> int | None:
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        if "." in text and " " not in text:
            model, lead_id = self.env["ir.model.data"]._xmlid_to_res_model_res_id(text)
            return lead_id if model == "crm.lead" else None
        return None

    def _match_invoices(self, rows: list[ImportRow]):
        """Set the invoice that an earlier import made from this number."""
        moves = self.env["account.move"].search(
            [
                ("journal_id", "=", self.journal_id.id),
                ("name", "in", [row.number for row in rows if row.number]),
            ]
        )
        move_by_name = {move.name: move for move in moves}
        for row in rows:
            row.move = move_by_name.get(row.number, self.env["account.move"])

    def _match_salespeople(self, rows: list[ImportRow]):
        """By name, login or e-mail address; who is none in Odoo is an error."""
        texts = {text for row in rows if (text := row.cells.get("salesperson"))}
        if not texts:
            return
        user_by_text = {}
        users = self.env["res.users"].search(
            Domain("share", "=", False)
            & Domain("company_ids", "in", self.company_id.ids)
            & Domain.OR(
                Domain(name, "=ilike", escape_psql(text))
                for text in texts
                for name in ("name", "login", "email")
            )
        )
        for user in users:
            for text in (user.name, user.login, user.email):
                user_by_text.setdefault((text or "").lower(), set()).add(user)
        for row in rows:
            text = row.cells.get("salesperson")
            found = user_by_text.get((text or "").lower(), ())
            if text and len(found) != 1:
                row.add_error(
                    self.env._("No user of Odoo, or more than one, has this name."), "salesperson"
                )
            elif text:
                (row.salesperson,) = found

    def _match_payments(self, rows: list[ImportRow]):
        """Set the payment that an earlier import made from a row that is a payment."""
        payments = self.env["account.payment"].search(
            [
                ("journal_id.is_accounting_import", "=", True),
                ("company_id", "=", self.company_id.id),
                ("memo", "in", [row.number for row in rows if row.number]),
                ("state", "in", ("in_process", "paid")),
            ]
        )
        payments_by_memo = payments.grouped("memo")
        for row in rows:
            row.payment = payments_by_memo.get(row.number, payments.browse()).filtered(
                lambda payment, row=row: (
                    payment.date == row.invoice_date
                    and payment.currency_id == row.currency
                    and not row.currency.compare_amounts(payment.amount, row.amount)
                    and payment.partner_id.commercial_partner_id
                    == row.partner.commercial_partner_id
                    and bool(payment.invoice_ids) == (row.kind == "payment")
                )
            )[:1]

    def _check_same_documents(self, rows: list[ImportRow]):
        """A document of the same customer, day and amount whose number differs in its zeros at the
        beginning only, or that was made in Odoo, is most likely the same one: it is never made
        twice without a word.
        """
        rows = [row for row in rows if row.partner and row.invoice_date and row.amount]
        if not rows:
            return
        moves = self.env["account.move"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "=", "posted"),
                ("commercial_partner_id", "in", [r.partner.commercial_partner_id.id for r in rows]),
                ("invoice_date", "in", list({row.invoice_date for row in rows})),
                ("amount_total", "in", list({row.amount for row in rows})),
            ]
        )
        found = defaultdict(self.env["account.move"].browse)
        for move in moves:
            for number in {normalize_number(text or "") for text in (move.name, move.ref)}:
                found[move.commercial_partner_id, move.invoice_date, number] |= move
        seen = {}
        for row in rows:
            partner, number = row.partner.commercial_partner_id, normalize_number(row.number)
            same = found[partner, row.invoice_date, number].filtered(
                lambda move, row=row: (
                    not row.currency.compare_amounts(move.amount_total, row.amount)
                )
            )
            other = seen.setdefault((partner, row.invoice_date, row.amount, number), row)
            if same:
                row.add_error(
                    self.env._(
                        "Odoo has it already: %(name)s, of the same customer, date and amount.",
                        name=same[0].display_name,
                    ),
                    "number",
                )
            elif other is not row:
                row.add_error(
                    self.env._(
                        "Row %(row)s is the same document: the numbers differ in zeros only.",
                        row=other.line.row,
                    ),
                    "number",
                )
