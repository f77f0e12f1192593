"""Deals in all statuses, with figures from invoices and by hand."""

from unittest.mock import patch

from odoo.exceptions import UserError


def fill(env, books):
    customer = books.customer("Deals Ltd", user_id=env.uid)
    expected = {}

    def deal(name, status, **values):
        lead = books.deal(name, customer, **values)
        expected[lead] = status
        return lead

    paid = deal("Paid in full", "paid")
    books.pay(books.invoice(customer, 40, (1000, paid)), days_ago=20)

    overdue = deal("Paid in part, late", "overdue")
    books.pay(books.invoice(customer, 80, (800, overdue)), days_ago=45, amount=300)

    credited = deal("Credited", "credited")
    books.credit(books.invoice(customer, 30, (250, credited)), days_ago=10)

    first, second = deal("Half an invoice", "partially_paid"), deal("The rest", "partially_paid")
    books.pay(books.invoice(customer, 10, (600, first), (200, second)), days_ago=5, amount=400)

    held = deal("Kept in its stage", "invoiced", is_stage_held=True)
    books.invoice(customer, 3, (70, held))

    lost = deal("Lost, invoiced nevertheless", "invoiced")
    lost.action_set_lost()
    books.invoice(customer, 4, (90, lost))

    deal("Not invoiced", "none")
    by_hand(books, deal)
    refused = deal("May not move", "invoiced")
    with patch.object(type(refused), "_write_billing_stage", refuse):
        books.invoice(customer, 2, (60, refused))
        env.cr.flush()
    assert env["crm.stage.change.failure"].search([]).lead_id == refused

    for lead, status in expected.items():
        assert lead.billing_status == status, (lead.name, lead.billing_status)
    assert paid.stage_id == env.ref("crm_accounting_bridge.crm_stage_paid")
    assert paid.stage_before_billing_id


def refuse(leads, _stage):
    """As another addon does that guards its stages."""
    raise UserError(leads.env._("%(deal)s stays here.", deal=leads.name))


def by_hand(books, deal):
    """Deals that are invoiced elsewhere, one of them here, too, which finance is told of."""
    elsewhere = deal("Invoiced elsewhere", "paid") | deal("Invoiced here as well", "paid")
    elsewhere._set_manual_billing(
        {
            "manual_billing_status": "paid",
            "manual_invoiced": 4321,
            "manual_paid": 4321,
            "manual_invoice_date": books.days(-50),
            "manual_payment_date": books.days(-15),
            "manual_reason": "The subsidiary invoices it.",
        }
    )
    late = deal("Owed elsewhere", "overdue")
    late._set_manual_billing(
        {
            "manual_billing_status": "invoiced",
            "manual_invoiced": 500,
            "manual_invoice_date": books.days(-50),
            "manual_due_date": books.days(-20),
            "manual_reason": "The subsidiary invoices it.",
        }
    )
    books.invoice(late.partner_id, 1, (50, elsewhere[1]))
    books.env.cr.flush()
    assert elsewhere[1].activity_ids, "finance is told of the invoice"
    back = deal("By hand for a while", "none")
    back._set_manual_billing({"manual_billing_status": "ordered", "manual_reason": "By telephone."})
    back.action_back_to_automatic()
