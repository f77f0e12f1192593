from collections import Counter

from .data_set import read_rows


class Imported:
    """What the import made of the file."""

    def test_every_invoice_and_payment(self):
        self.assertEqual(self.first_answer["rows"], 2466)
        self.assertEqual(self.first_answer["state"], "running", "left to the scheduled action")
        self.assertEqual(self.imported.state, "done")
        self.assertCounts(self.imported.read_result(), created=2466)
        rows = read_rows()
        moves = self.env["account.move"].search(
            [("journal_id", "=", self.imported.journal_id.id), ("state", "=", "posted")]
        )
        self.assertEqual(len(moves), 2466)
        self.assertAlmostEqual(sum(moves.mapped("amount_total_signed")), 147703.18, 2)
        self.assertEqual(set(moves.mapped("payment_state")), {"paid"})
        self.assertEqual(len(moves.partner_id), 100)
        self.assertEqual(
            Counter(move.partner_id.ref for move in moves), Counter(row.customer for row in rows)
        )
        settlements = self.env["account.receivable.settlement"]._read_group(
            [("invoice_id", "in", moves.ids)],
            ["invoice_id"],
            ["days_to_pay:sum", "days_beyond_terms:sum", "amount:sum", "__count"],
        )
        self.assertEqual(
            {
                move.name: (days, max(late, 0), round(amount, 2), count)
                for move, days, late, amount, count in settlements
            },
            {row.number: (row.days_to_settle, row.days_late, float(row.amount), 1) for row in rows},
        )
