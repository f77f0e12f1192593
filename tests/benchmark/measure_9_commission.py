"""Commission: the events of all documents against lean SQL, and those of one payment."""

import time

from .figures import Figure, measurement, milliseconds
from .measure_2_settlements import LEAN as LEAN_SETTLEMENTS

TIMES_LEAN = 2
#: What one payment may take, whatever else there is.
STATEMENTS_OF_ONE = 20
#: Payments that are looked at one after the other: the first of them warms the caches.
PAYMENTS = 6
RATE = 10
#: What rounding may make of a sum of some thousands of events, in company currency.
CENTS = 0.1

#: Nothing but what these books hold: no taxes that differ within a document, credit notes of the
#: invoice's own deals, everybody's own sales, one plan. The same sums, or it is no comparison.
LEAN = """
WITH settlement AS MATERIALIZED (
    SELECT settlement.*, note.move_id AS note_id,
           CASE WHEN kind IN ('write_off', 'discount') THEN 'lost' ELSE 'earned' END AS became
      FROM (%(settlements)s) settlement
      LEFT JOIN account_move_line note
        ON note.id = settlement.counterpart_line_id AND settlement.kind = 'credit_note'
),
share AS MATERIALIZED (
    SELECT share.*,
           ROUND(SUM(exact) OVER (PARTITION BY move_id ORDER BY lead_id = 0, lead_id), 2)
           - ROUND(SUM(exact) OVER (PARTITION BY move_id ORDER BY lead_id = 0, lead_id) - exact, 2)
               AS amount
      FROM (
        SELECT share.*, total.amount AS total,
               untaxed + tax + (total.amount - SUM(untaxed + tax) OVER of_move)
               * COALESCE(tax / NULLIF(SUM(tax) OVER of_move, 0), 1.0 / COUNT(*) OVER of_move)
                   AS exact
          FROM (
            SELECT line.move_id, COALESCE(line.opportunity_id, 0) AS lead_id,
                   move.invoice_user_id AS user_id, move.company_id, move.invoice_date,
                   move.commercial_partner_id AS partner_id, move.name AS document_name,
                   -SUM(line.balance) AS untaxed,
                   SUM(line.price_total - line.price_subtotal) / move.invoice_currency_rate::numeric
                   * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END AS tax
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE line.display_type = 'product' AND line.parent_state = 'posted'
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
             GROUP BY line.move_id, line.opportunity_id, move.id
               ) share
          JOIN (
            SELECT move_id, SUM(balance) AS amount
              FROM account_move_line
             WHERE display_type = 'payment_term' AND parent_state = 'posted'
             GROUP BY move_id
               ) total ON total.move_id = share.move_id
        WINDOW of_move AS (PARTITION BY share.move_id)
           ) share
),
noted AS MATERIALIZED (
    SELECT *, CASE WHEN amount = invoice_amount THEN invoice_untaxed
                   ELSE ROUND(amount * note_untaxed / note_amount, 2) END AS untaxed
      FROM (
        SELECT settlement.move_id, settlement.note_id, settlement.settlement_date, note.lead_id,
               ROUND(SUM(settlement.amount) * note.amount / note.total, 2) AS amount,
               invoice.amount AS invoice_amount, invoice.untaxed AS invoice_untaxed,
               note.amount AS note_amount, note.untaxed AS note_untaxed
          FROM settlement
          JOIN share note ON note.move_id = settlement.note_id
          JOIN share invoice
            ON invoice.move_id = settlement.move_id AND invoice.lead_id = note.lead_id
         GROUP BY settlement.move_id, settlement.note_id, settlement.settlement_date, note.lead_id,
                  note.amount, note.total, note.untaxed, invoice.amount, invoice.untaxed
           ) noted
),
own AS (
    SELECT move_id, lead_id, settlement_date, amount, untaxed FROM noted
     UNION ALL
    SELECT note_id, lead_id, settlement_date, -amount, -untaxed FROM noted
),
rest AS (
    SELECT share.*, share.amount - COALESCE(own.amount, 0) AS rest,
           share.untaxed - COALESCE(own.untaxed, 0) AS rest_untaxed,
           SUM(share.amount - COALESCE(own.amount, 0)) OVER (PARTITION BY share.move_id)
               AS total_rest
      FROM share
      LEFT JOIN (SELECT move_id, lead_id, SUM(amount) AS amount, SUM(untaxed) AS untaxed
                   FROM own GROUP BY move_id, lead_id) own
        ON own.move_id = share.move_id AND own.lead_id = share.lead_id
),
flow AS (
    SELECT move_id, lead_id, settlement_date AS date, 'earned' AS kind, untaxed
      FROM own
     WHERE lead_id != 0
     UNION ALL
    SELECT rest.move_id, rest.lead_id, settlement.settlement_date, settlement.became,
           SUM(settlement.amount) * rest.rest_untaxed / NULLIF(rest.total_rest, 0)
      FROM settlement
      JOIN rest ON rest.move_id = settlement.move_id
     WHERE settlement.note_id IS NULL
     GROUP BY rest.move_id, rest.lead_id, settlement.settlement_date, settlement.became,
              rest.rest_untaxed, rest.total_rest
     UNION ALL
    SELECT rest.move_id, rest.lead_id, rest.invoice_date, 'open',
           (rest.total_rest - COALESCE(settled.amount, 0)) * rest.rest_untaxed
           / NULLIF(rest.total_rest, 0)
      FROM rest
      LEFT JOIN (SELECT move_id, SUM(amount) AS amount FROM settlement WHERE note_id IS NULL
                  GROUP BY move_id) settled ON settled.move_id = rest.move_id
     WHERE rest.total_rest != COALESCE(settled.amount, 0)
)
INSERT INTO crm_commission_event (
    move_key, lead_key, plan_id, user_id, kind, settlement_key, company_id, salesperson_id,
    partner_id, document_name, move_id, lead_id, base, rate, amount, date, is_priced,
    is_correction, create_uid, create_date, write_uid, write_date)
SELECT flow.move_id, flow.lead_id, plan.id, user_id, kind, '', share.company_id, user_id,
       partner_id, document_name, flow.move_id, NULLIF(flow.lead_id, 0),
       ROUND(SUM(flow.untaxed) OVER along, 2)
       - ROUND(SUM(flow.untaxed) OVER along - flow.untaxed, 2),
       %(rate)s,
       ROUND(SUM(flow.untaxed) OVER along * %(rate)s / 100, 2)
       - ROUND((SUM(flow.untaxed) OVER along - flow.untaxed) * %(rate)s / 100, 2),
       date, TRUE, FALSE, 1, now(), 1, now()
  FROM flow
  JOIN share ON share.move_id = flow.move_id AND share.lead_id = flow.lead_id
  JOIN crm_commission_plan plan ON plan.company_id = share.company_id AND plan.name = 'Benchmark'
 WHERE user_id IS NOT NULL
WINDOW along AS (PARTITION BY flow.move_id, flow.lead_id
                 ORDER BY array_position(ARRAY['earned', 'lost', 'open'], kind), date)
"""


@measurement("commission")
def measure(bench):
    all_events = bench.ours.call("measure_9_commission", "compare_all")
    yield Figure(
        f"commission on {all_events['documents']:,} documents: {all_events['events']:,} events",
        f"{all_events['seconds']:,.2f} s, lean SQL {all_events['lean']:,.2f} s:"
        f" × {all_events['seconds'] / all_events['lean']:.2f}",
        f"× {TIMES_LEAN}, and the same sums",
        all_events["seconds"] <= TIMES_LEAN * all_events["lean"] and not all_events["different"],
    )
    bench.report(
        "Commission of which lean SQL comes to another sum", "\n".join(all_events["different"])
    )
    yield Figure("  again, when nothing changed", f"{all_events['again']:,.2f} s")
    one = bench.ours.call("measure_9_commission", "follow_payments")
    yield Figure(
        "the events of one payment",
        f"{one['statements']} statements, {milliseconds(one['seconds'])}",
        f"{STATEMENTS_OF_ONE} statements",
        one["statements"] <= STATEMENTS_OF_ONE,
    )


def compare_all(env):
    """All documents as after the approval of a plan; lean SQL into the same table.

    Sums are compared by person and kind, with what rounding may make of them.
    """
    from odoo.tools import SQL

    _create_plans(env)
    ours = []
    for _number in range(2):
        env.cr.execute("DELETE FROM crm_commission_event")
        seconds, sums = _book_all(env)
        ours.append(seconds)
    again, __ = _book_all(env)
    [(documents, events)] = env.execute_query(
        SQL("SELECT COUNT(DISTINCT move_key), COUNT(*) FROM crm_commission_event")
    )
    lean = []
    for _number in range(2):
        with env.cr.savepoint() as savepoint:
            env.cr.execute("DELETE FROM crm_commission_event")
            start = time.perf_counter()
            env.cr.execute(SQL(LEAN, settlements=SQL(LEAN_SETTLEMENTS), rate=RATE))
            lean.append(time.perf_counter() - start)
            lean_sums = _get_sums(env)
            savepoint.rollback()
    different = [
        f"{key}: {sums.get(key)} {lean_sums.get(key)}"
        for key in sums.keys() | lean_sums.keys()
        if any(
            abs(a - b) > CENTS
            for a, b in zip(sums.get(key, (0, 0)), lean_sums.get(key, (0, 0)), strict=True)
        )
    ]
    return {
        "documents": documents,
        "events": events,
        "seconds": min(ours),
        "again": again,
        "lean": min(lean),
        "different": different,
    }


def _get_sums(env):
    """Sales and commission by person and kind."""
    env.cr.execute(
        "SELECT user_id, kind, SUM(base), SUM(amount) FROM crm_commission_event GROUP BY 1, 2"
    )
    return {(user_id, kind): amounts for user_id, kind, *amounts in env.cr.fetchall()}


def _create_plans(env):
    """10 % of what is paid, for everybody on his own sales, in each company."""
    from odoo.fields import Command

    env.cr.execute(
        """
        SELECT company_id, ARRAY_AGG(DISTINCT invoice_user_id) FROM account_move
         WHERE state = 'posted' AND move_type = 'out_invoice' AND invoice_user_id IS NOT NULL
         GROUP BY company_id
        """
    )
    for company_id, user_ids in env.cr.fetchall():
        plan = env["crm.commission.plan"].create(
            {
                "name": "Benchmark",
                "company_id": company_id,
                "rate": RATE,
                "date_from": "2000-01-01",
                "assignment_ids": [Command.create({"user_id": user_id}) for user_id in user_ids],
            }
        )
        plan.action_approve()
    env.cr.commit()


def _book_all(env):
    """Seconds for all documents, as the scheduled action looks at them, and the sums then."""
    from .inside import counted

    events, position = env["crm.commission.event"], 0
    with counted(env) as count:
        while position is not None:
            position = events._on_all_receivables_changed(0, position)
            env.cr.commit()
    return count.seconds, _get_sums(env)


def follow_payments(env):
    """Invoices are paid one after the other, and each followed by itself."""
    from statistics import median

    from .inside import as_user, counted

    accounting = as_user(env)
    invoices = accounting["account.move"].search(
        [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "=", "not_paid"),
            ("company_id", "=", accounting.company.id),
            ("invoice_user_id", "!=", False),
        ],
        limit=PAYMENTS,
        order="id desc",
    )
    runs = []
    for invoice in invoices:
        wizard = (
            accounting["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({})
        )
        wizard.action_create_payments()
        env.cr.flush()
        env.invalidate_all()
        with counted(env) as count:
            env["crm.commission.event"]._on_receivables_changed(
                [(invoice.company_id.id, invoice.id)]
            )
        runs.append(count)
    return {
        "statements": max(run.statements for run in runs[1:]),
        "seconds": median(run.seconds for run in runs[1:]),
    }
