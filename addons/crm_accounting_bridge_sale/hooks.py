"""Installing on a database full of orders and invoices; leaving it."""

#: Opportunities whose figures are computed at a time.
_BATCH_SIZE = 500


def post_init_hook(env):
    """Link the invoices of existing orders. Figures, statuses and stages of all deals follow in the
    scheduled action, with progress, as of documents that are older than their link to the deal:
    nobody is told, and no deal counts as won on this day.
    """
    env.flush_all()
    _link_invoice_lines(env)
    _link_invoices(env)
    env.cr.execute(
        """
        UPDATE crm_lead
           SET followed_billing_status = NULL
         WHERE followed_billing_status IS NOT NULL
           AND id IN (SELECT opportunity_id FROM sale_order)
        """
    )
    # The database gathers statistics when many rows were written: these may be few among all.
    env.cr.execute("ANALYZE account_move, account_move_line, crm_lead, sale_order, sale_order_line")
    env.invalidate_all(flush=False)
    env["account.receivable.change"]._collect_keys("crm.lead", [(0, 0)])


def uninstall_hook(env):
    """Opportunities forget their quotations and orders; what is invoiced stays."""
    statuses = ("quoted", "ordered", "partially_invoiced")
    domain = [("billing_status", "in", statuses), ("billing_source", "=", "automatic")]
    for leads in _iterate_leads(env, domain):
        figures_by_lead = leads._get_billing_figures()
        leads._follow_billing_status(
            {
                lead.id: lead._get_billing_status(figures_by_lead.get(lead.id, {}), "none", False)
                for lead in leads
            }
        )


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
