from odoo.tools import SQL

from .booking import QUIET
from .parsing import ImportRow


class Undoing:
    """Taking an import back: what it made and nobody touched since; the rest is kept, with the
    reason.
    """

    __slots__ = ()

    def _undo_lines(self, lines):
        """Delete the documents and payments that these rows made."""
        # Numbers are the other program's: no sequence of Odoo's gets a gap.
        record = self.with_context(**QUIET, force_delete=True)
        rows = [ImportRow(line, {}) for line in lines.with_env(record.env).sudo()]
        for row, reason in record._find_touched(rows):
            row.add_error(reason)
        record._keep_rows([row for row in rows if row.errors])
        record._halve_on_refusal(
            [row for row in rows if not row.errors],
            record._take_back,
            refuse=record._keep_rows,
        )

    def _get_payments(self, rows: list[ImportRow]):
        return self.env["account.payment"].search(
            [("accounting_import_line_id", "in", [row.line.id for row in rows])]
        )

    def _get_made_moves(self, rows: list[ImportRow]):
        return self.env["account.move"].browse(
            row.line.move_id.id for row in rows if row.line.made_move and row.line.move_id
        )

    def _find_touched(self, rows: list[ImportRow]):
        """Yield the rows whose documents somebody went on with, and how."""
        payments, moves = self._get_payments(rows), self._get_made_moves(rows)
        payments_by_line = payments.grouped("accounting_import_line_id")
        discussed = self._find_discussed(moves)
        matched = self._find_foreign_matches(
            moves | payments.move_id,
            self.env["account.move"].union(*(r.line.move_id for r in rows)),
        )
        later = {
            line.move_id: line.import_id
            for line in self.env["accounting.import.line"].search(
                [
                    ("move_id", "in", moves.ids),
                    ("state", "in", ("created", "updated")),
                    ("import_id", "!=", self.id),
                ]
            )
        }
        for row in rows:
            move = moves & row.line.move_id.sudo(False)
            line_payments = payments_by_line.get(row.line, payments.browse())
            documents = move | line_payments.move_id
            if move.company_id.restrictive_audit_trail:
                yield row, self.env._("The company keeps an audit trail: cancel it by hand.")
            elif any(document.state != "posted" for document in documents):
                yield row, self.env._("Somebody reset it to draft, or cancelled it.")
            elif move in later:
                yield (
                    row,
                    self.env._(
                        "A later import changed it: %(name)s. Take that one back first.",
                        name=later[move].name,
                    ),
                )
            elif names := [matched[move_id] for move_id in documents.ids if move_id in matched]:
                yield row, self.env._("It is matched with %(name)s.", name=names[0])
            elif move in discussed:
                yield row, self.env._("Somebody wrote about it, or changed it.")

    def _find_discussed(self, moves):
        """Invoices with messages: the import writes none."""
        # Whether somebody wrote is no secret; what, is not read.
        messages_sudo = self.env["mail.message"].sudo()
        groups = messages_sudo._read_group(
            [
                ("model", "=", "account.move"),
                ("res_id", "in", moves.ids),
            ],
            ["res_id"],
        )
        return moves.browse(move_id for (move_id,) in groups)

    def _find_foreign_matches(self, moves, own_moves) -> dict[int, str]:
        """Entries that are matched with something that this import did not make, and with what.

        :param own_moves: invoices that rows of this import are about, whoever made them.
        """
        self.env.flush_all()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (item.move_id) item.move_id, other_entry.name
                      FROM account_move_line item
                      JOIN account_partial_reconcile partial
                        ON item.id IN (partial.debit_move_id, partial.credit_move_id)
                      JOIN account_move_line other
                        ON other.id = partial.debit_move_id + partial.credit_move_id - item.id
                      JOIN account_move other_entry ON other_entry.id = other.move_id
                 LEFT JOIN account_payment payment ON payment.id = other_entry.origin_payment_id
                 LEFT JOIN accounting_import_line paying
                        ON paying.id = payment.accounting_import_line_id
                 LEFT JOIN accounting_import_line invoicing
                        ON invoicing.move_id = other_entry.id AND invoicing.made_move
                     WHERE item.move_id = ANY(%(moves)s)
                       AND other.move_id != ALL(%(own)s)
                       AND paying.import_id IS DISTINCT FROM %(import)s
                       AND invoicing.import_id IS DISTINCT FROM %(import)s
                       -- The difference of a rate goes with the match that made it.
                       AND NOT EXISTS (
                           SELECT FROM account_partial_reconcile made
                            WHERE made.exchange_move_id = other_entry.id
                       )
                    """,
                    **{"moves": moves.ids, "own": own_moves.ids, "import": self.id},
                )
            )
        )

    def _keep_rows(self, rows: list[ImportRow]):
        for row in rows:
            row.line.write(
                {"state": "kept", "reason": "\n".join(reason for _fields, reason in row.errors)}
            )

    def _take_back(self, rows: list[ImportRow]):
        payments, moves = self._get_payments(rows), self._get_made_moves(rows)
        payments.action_draft()
        payments.unlink()
        moves.button_draft()
        moves.unlink()
        lines = rows[0].line.union(*(row.line for row in rows))
        updated = lines.filtered(lambda line: line.state == "updated")
        (lines - updated).write({"state": "undone", "reason": False})
        updated.write(
            {
                "state": "undone",
                "reason": self.env._(
                    "Payments were taken back. Due date, dispute and opportunity are as they are."
                ),
            }
        )
