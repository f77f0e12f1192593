"""Installing on a database full of orders and invoices; leaving it."""

from datetime import datetime, time

#: Opportunities whose figures are computed at a time.
_BATCH_SIZE = 500


def post_init_hook(env):
    """Link the invoices of existing orders, then have figures, statuses and stages follow."""
    env.flush_all()
    _link_invoice_lines(env)
    _link_invoices(env)
    env.invalidate_all(flush=False)
    for leads in _iterate_leads(env, [("order_ids", "!=", False)]):
        _refresh_leads(leads)


def uninstall_hook(env):
    """Opportunities forget their quotations and orders; what is invoiced stays."""
    statuses = ("quoted", "ordered", "partially_invoiced")
    domain = [("billing_status", "in", statuses), ("billing_source", "=", "automatic")]
    for leads in _iterate_leads(env, domain):
        figures_by_lead = leads._get_billing_figures()
        for lead in leads:
            figures = figures_by_lead.get(lead.id, {})
            lead.billing_status = lead._get_billing_status(figures, "none", False)
        leads._follow_billing_status()


def _link_invoice_lines(env):
    """Invoice lines without a deal get that of their order."""
    env.cr.execute(
        """
        UPDATE account_move_line line
           SET opportunity_id = ordered.opportunity_id
          FROM (SELECT rel.invoice_line_id, MIN(sale.opportunity_id) AS opportunity_id
                  FROM sale_order sale
                  JOIN sale_order_line order_line ON order_line.order_id = sale.id
                  JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = order_line.id
                 WHERE sale.opportunity_id IS NOT NULL
                 GROUP BY rel.invoice_line_id) ordered,
               account_move move
         WHERE line.id = ordered.invoice_line_id
           AND line.opportunity_id IS NULL
           AND line.display_type = 'product'
           AND move.id = line.move_id
           AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
        """
    )


def _link_invoices(env):
    """Invoices of one deal belong to it as a whole; those of several to none."""
    env.cr.execute(
        """
        UPDATE account_move move
           SET opportunity_id = billed.opportunity_id
          FROM (SELECT line.move_id,
                       CASE WHEN MIN(line.opportunity_id) = MAX(line.opportunity_id)
                            THEN MIN(line.opportunity_id) END AS opportunity_id
                  FROM account_move_line line
                 WHERE line.opportunity_id IS NOT NULL
                 GROUP BY line.move_id) billed
         WHERE move.id = billed.move_id
           AND move.opportunity_id IS DISTINCT FROM billed.opportunity_id
        """
    )


def _iterate_leads(env, domain):
    """Opportunities in batches by id; each batch is written and forgotten before the next."""
    all_leads = env["crm.lead"].with_context(active_test=False, tracking_disable=True).sudo()
    last_id = 0
    while leads := all_leads.search([("id", ">", last_id), *domain], order="id", limit=_BATCH_SIZE):
        last_id = leads[-1].id
        yield leads
        env.flush_all()
        env.invalidate_all(flush=False)


def _refresh_leads(leads):
    """Figures, status and stage; nobody is told, and no deal counts as won on this day.

    Open deals that were invoiced long ago are won now: on the day of their first invoice.
    """
    open_leads = leads.filtered(lambda lead: lead.won_status == "pending")
    leads._refresh_billing()
    leads.flush_recordset()
    leads._process_stage_changes()
    for lead in open_leads.filtered(lambda lead: lead.won_status == "won"):
        if lead.first_invoice_date:
            lead.date_closed = datetime.combine(lead.first_invoice_date, time(12))
