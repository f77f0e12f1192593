from odoo.tests import tagged
from odoo.tools import SQL

from .flag_common import FlagCommon

CUSTOMERS = 10000

#: What a batch of 500 customers may cost.
STATEMENTS_OF_A_BATCH = 50


@tagged("post_install", "-at_install")
class TestFlagVolume(FlagCommon):
    """Ten thousand overdue customers on one morning."""

    def _copy(self, record, **values):
        """As many rows like this one, with these SQL expressions of a number in place of its own.

        By SQL: it is not making them that is looked at.
        """
        self.env.flush_all()
        names = [
            name
            for name, field in record._fields.items()
            if name != "id" and field.store and field.column_type
        ]
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO %(table)s (%(columns)s) SELECT %(values)s FROM %(table)s original,"
                " generate_series(1, %(count)s) number WHERE original.id = %(id)s RETURNING id",
                table=SQL.identifier(record._table),
                columns=SQL(", ").join(map(SQL.identifier, names)),
                values=SQL(", ").join(
                    values.get(name) or SQL.identifier("original", name) for name in names
                ),
                count=CUSTOMERS,
                id=record.id,
            )
        )
        self.env.invalidate_all()
        return record.browse([row_id for (row_id,) in rows])

    def _create_debtors(self):
        """Customers each of whom owes an instalment of one opening entry."""
        customers = self._copy(self.customer)
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET commercial_partner_id = id WHERE id = ANY(%s)",
                customers.ids,
            )
        )
        entry = self._opening(1000.0, "2024-01-10", due="2024-02-01", partner=self.partner)
        self._copy(entry.line_ids[0], partner_id=SQL("(%s::int[])[number]", customers.ids))
        # As in a database that has grown to that size.
        self.env.cr.execute("ANALYZE res_partner, account_move_line")
        return customers

    def _count_run(self):
        self._refresh()
        before = self.env.cr.sql_log_count
        run = self._run()
        return run, self.env.cr.sql_log_count - before

    def test_ten_thousand_overdue_customers(self):
        customers = self._create_debtors()
        run, statements = self._count_run()
        flags = self.flags.search([("partner_id", "in", customers.ids)])
        self.assertEqual(len(flags), CUSTOMERS)
        self.assertEqual(len(flags.activity_id), CUSTOMERS)
        self.assertEqual(flags.activity_id.user_id, self.seller)
        self.assertEqual(run.flagged_count, CUSTOMERS + 1, "and the one of the entry itself")
        self.assertLessEqual(statements, CUSTOMERS / 500 * STATEMENTS_OF_A_BATCH)

        self._at("2024-03-02 08:00:00")
        run, statements_again = self._count_run()
        self.assertRecordValues(
            run,
            [{"flagged_count": 0, "changed_count": 0, "unchanged_count": CUSTOMERS + 1}],
        )
        self.assertLess(statements_again, statements)
