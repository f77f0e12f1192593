from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.scope import Scope

from ..statement import Item, Payment, Section, Statement

#: Payments of so many months are told.
MONTHS = 3
FINANCE_GROUPS = "account.group_account_invoice,account.group_account_readonly"


class AccountReceivableStatement(models.AbstractModel):
    """Customer statements: open items instalment by instalment, and the payments of late.

    It goes by the due date of each instalment and by what is open of it, not by the header of the
    invoice. All that a customer (commercial partner) owes, whichever contact was invoiced.
    """

    _name = "account.receivable.statement"
    _description = "Customer Statement"

    @api.model
    def _get_statements(self, partners, companies) -> list[Statement]:
        """The statements of these customers, by customer and company; of today.

        Reads with full rights, so only after checking: see :meth:`_check_statement_access`.

        :param partners: contacts; each stands for its commercial partner.
        :return: none where nothing is open and nothing was paid of late.
        """
        self._check_statement_access(partners)
        partners = partners.sudo().commercial_partner_id
        companies = companies.sudo()
        self.env["account.receivable"]._flush()
        today = {company.id: company._get_today() for company in companies}
        sections = defaultdict(dict)
        for row in self.env.execute_query_dict(self._get_item_sql(partners, companies)):
            section = self._get_section(sections, row)
            section.items.append(
                Item(
                    move=self.env["account.move"].sudo().browse(row["move_id"]),
                    date=row["date"],
                    due_date=row["due_date"],
                    amount=float(row["amount"]),
                    open_amount=float(row["open_amount"]),
                    days=(today[row["company_id"]] - row["due_date"]).days,
                    is_document=row["is_document"],
                    is_disputed=row["is_disputed"],
                )
            )
        for row in self.env.execute_query_dict(self._get_payment_sql(partners, companies, today)):
            section = self._get_section(sections, row)
            section.payments.append(
                Payment(
                    date=row["date"],
                    name=row["name"] or "",
                    reference=row["reference"] or "",
                    amount=float(row["amount"]),
                    unmatched_amount=float(row["unmatched_amount"]),
                )
            )
        return [
            Statement(
                partner, company, today[company.id], list(sections[partner.id, company.id].values())
            )
            for partner in partners
            for company in companies
            if (partner.id, company.id) in sections
        ]

    @api.model
    def _check_statement_access(self, partners):
        """Finance reads all statements, whoever uses the portal that of his own company.

        :raises AccessError: for anybody else.
        """
        partners.check_access("read")
        if not self._may_read_statements(partners):
            raise AccessError(self.env._("You may not see what these customers owe."))

    @api.model
    def _may_read_statements(self, partners) -> bool:
        """Hook: whether the user may read the statements of these customers."""
        if self.env.su or self.env.user.has_groups(FINANCE_GROUPS):
            return True
        own = self.env.user.partner_id.sudo().commercial_partner_id
        return partners.sudo().commercial_partner_id <= own

    @api.model
    def _get_own_statements(self) -> list[Statement]:
        """The statements of the user's own company, of all companies that it owes something."""
        partner = self.env.user.partner_id
        companies = self.env["res.company"].sudo().search([("id", "!=", False)])
        return self._get_statements(partner, companies)

    def _get_section(self, sections, row) -> Section:
        key = row["partner_id"], row["company_id"]
        currency = self.env["res.currency"].browse(row["currency_id"])
        return sections[key].setdefault(currency.id, Section(currency))

    def _get_item_sql(self, partners, companies) -> SQL:
        """Open items in the currency of their documents.

        What was moved to another account, or is settled in part by a payment without journal entry,
        is open at the document's own rate; all else is the ledger's residual.
        """
        return SQL(
            """
            SELECT open.*, root.currency_id, root.move_id, root.amount_currency AS amount,
                   COALESCE(root.invoice_date, root.date) AS date
              FROM (
                SELECT item.company_id, item.partner_id, item.root_line_id, item.is_document,
                       item.is_disputed, item.due_date,
                       SUM(CASE WHEN line.id = root.id AND item.amount = line.amount_residual
                                THEN line.amount_residual_currency
                                ELSE ROUND(item.amount * root.amount_currency
                                           / NULLIF(root.balance, 0), currency.decimal_places)
                           END) AS open_amount
                  FROM (%s) item
                  JOIN account_move_line root ON root.id = item.root_line_id
                  JOIN account_move_line line ON line.id = item.line_id
                  JOIN res_currency currency ON currency.id = root.currency_id
                 GROUP BY item.company_id, item.partner_id, item.root_line_id, item.is_document,
                          item.is_disputed, item.due_date
                   ) open
              JOIN account_move_line root ON root.id = open.root_line_id
             WHERE open.open_amount != 0
             ORDER BY root.currency_id, open.due_date, root.move_id, root.id
            """,
            self.env["account.receivable.item"]._get_item_sql(Scope(companies, partners)),
        )

    def _get_payment_sql(self, partners, companies, today) -> SQL:
        """Money of the last months: on the ledger's receivable accounts, and what payments without
        journal entry say.
        """
        receivable = self.env["account.receivable"]
        scope = Scope(companies, partners)
        since = min(today.values()) - relativedelta(months=MONTHS)
        return SQL(
            """
            SELECT payment.*, partner.commercial_partner_id AS partner_id
              FROM (
                SELECT line.company_id, line.partner_id AS contact_id, line.currency_id, line.date,
                       move.name, move.ref AS reference, -line.amount_currency AS amount,
                       -line.amount_residual_currency AS unmatched_amount, line.id
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.account_id = ANY(ARRAY(%(trade)s))
                   AND line.parent_state = 'posted'
                   AND line.balance < 0
                   AND (line.payment_id IS NOT NULL OR line.statement_line_id IS NOT NULL)
                   AND line.date > %(since)s
                   AND %(line_companies)s AND %(line_partners)s
                 UNION ALL
                SELECT payment.company_id, payment.partner_id, payment.currency_id, payment.date,
                       payment.name, payment.memo, payment.amount, 0, -payment.id
                  FROM account_payment payment
                 WHERE payment.move_id IS NULL AND payment.state IN ('in_process', 'paid')
                   AND payment.payment_type = 'inbound' AND payment.partner_type = 'customer'
                   AND payment.date > %(since)s
                   AND %(payment_companies)s AND %(payment_partners)s
                   ) payment
              JOIN res_partner partner ON partner.id = payment.contact_id
             ORDER BY payment.currency_id, payment.date, payment.id
            """,
            trade=receivable._get_trade_account_sql(),
            since=since,
            line_companies=receivable._get_company_sql(SQL("line.company_id"), scope),
            line_partners=receivable._get_partner_sql(SQL("line.partner_id"), scope),
            payment_companies=receivable._get_company_sql(SQL("payment.company_id"), scope),
            payment_partners=receivable._get_partner_sql(SQL("payment.partner_id"), scope),
        )
