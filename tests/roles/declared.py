"""Who may what: by design, checked against what the registry says.

Rights are the first letters of read, write, create and unlink. A role that is not named has none.
"""

#: Who sees figures of customers: which ones, the record rules say.
FIGURES = dict.fromkeys(
    (
        "seller",
        "leader",
        "sales administrator",
        "invoicing",
        "auditor",
        "accounting administrator",
    ),
    "r",
)
#: Lists of documents and settings of reading them.
ACCOUNTING = dict.fromkeys(("invoicing", "auditor", "accounting administrator"), "r")
#: Who has the books verified: nobody writes what was found.
VERIFIERS = {"accounting administrator": "r"}
MANAGEMENT = ACCOUNTING | {"sales administrator": "r"}
#: Only administrators delete from a log.
LOG = {"administrator": "ru"}
#: Dialogs are their creators'.
SALES_DIALOG = dict.fromkeys(
    ("seller", "leader", "sales administrator", "invoicing", "accounting administrator"), "rwcu"
)
RECORDED = {role: "r" if role == "auditor" else "rc" for role in FIGURES} | LOG

#: Who makes opportunities.
SELLERS = ("seller", "leader", "sales administrator")
#: What finance does by hand: importing, and setting a billing status.
BY_HAND = dict.fromkeys(("invoicing", "accounting administrator"), "rwcu")

#: Who sets up how customers are judged, and who lets pass what is on hold.
POLICY = ("sales administrator", "accounting administrator")
RELEASERS = (*POLICY, "inventory administrator")
#: What people earn: own and their teams', by the record rules; all for those who decide or pay.
COMMISSION = dict.fromkeys(
    ("seller", "leader", "sales administrator", "auditor", "accounting administrator"), "r"
)
COMMISSION_PLANS = COMMISSION | {"sales administrator": "rwcu"}
#: Who sees what something costs, and what is earned with customers.
COSTS = dict.fromkeys(("sales administrator", "accounting administrator"), "r")
COST_SETTINGS = dict.fromkeys(COSTS, "rwcu")
#: Everybody who works in the company.
INSIDE = (
    *FIGURES,
    "internal",
    "inventory",
    "inventory administrator",
    "projects",
    "administrator",
)

RIGHTS = {
    "account.receivable.account": ACCOUNTING | {"accounting administrator": "rw"},
    "account.receivable.change": {"administrator": "r"},
    "account.receivable.settlement": ACCOUNTING,
    "account.receivable.transfer": ACCOUNTING,
    "account.receivable.verification": VERIFIERS,
    "account.receivable.verification.check": VERIFIERS,
    "account.receivable.verification.difference": VERIFIERS,
    "account.receivable.verification.total": VERIFIERS,
    "accounting.import": BY_HAND,
    "accounting.import.column": BY_HAND,
    "accounting.import.line": dict.fromkeys(BY_HAND, "r"),
    "accounting.import.word": BY_HAND,
    "crm.accounting.log": MANAGEMENT | LOG,
    "crm.billing.funnel.report": {role: "r" for role in FIGURES if role != "auditor"},
    "crm.commission.assignment": COMMISSION_PLANS,
    "crm.commission.event": COMMISSION,
    "crm.commission.level": COMMISSION_PLANS,
    "crm.commission.plan": COMMISSION_PLANS,
    "crm.commission.report": COMMISSION,
    "crm.commission.statement": COMMISSION,
    "crm.customer.company.day": MANAGEMENT,
    "crm.customer.flag": FIGURES | LOG,
    "crm.customer.flag.done.wizard": SALES_DIALOG,
    "crm.customer.flag.exclusion": RECORDED,
    "crm.customer.flag.exclusion.wizard": SALES_DIALOG,
    "crm.customer.flag.run": MANAGEMENT | LOG,
    "crm.customer.health": FIGURES,
    "crm.customer.health.change": FIGURES | LOG,
    "crm.customer.health.month": MANAGEMENT,
    "crm.customer.health.norm": MANAGEMENT,
    "crm.customer.health.policy": {
        "sales administrator": "rw",
        "invoicing": "r",
        "accounting administrator": "rw",
    },
    "crm.customer.health.snapshot": FIGURES,
    "crm.customer.health.threshold": {
        "sales administrator": "rwcu",
        "invoicing": "r",
        "accounting administrator": "rwcu",
    },
    "crm.customer.health.workbook": dict.fromkeys(FIGURES, "rc"),
    "crm.customer.hold.override": FIGURES | LOG,
    "crm.customer.hold.override.wizard": dict.fromkeys(
        ("sales administrator", "inventory administrator", "accounting administrator"), "rwcu"
    ),
    "crm.customer.hold.waiting": MANAGEMENT | {"inventory administrator": "r"},
    "crm.customer.list.effect": FIGURES | LOG,
    "crm.customer.list.effect.row": FIGURES | LOG,
    "crm.customer.market.report": FIGURES,
    "crm.customer.payment.method": FIGURES,
    "crm.customer.purchase": FIGURES,
    "crm.customer.suggestion": FIGURES,
    "account.invoice.cost": COSTS,
    "crm.acquisition.cost": COST_SETTINGS,
    "crm.acquisition.report": COSTS,
    "crm.customer.budget": COST_SETTINGS,
    "crm.customer.budget.customer": COSTS,
    "crm.customer.budget.line": COST_SETTINGS,
    "crm.customer.budget.report": COSTS,
    "crm.customer.profit.report": COSTS,
    "crm.customer.service": COSTS,
    "crm.customer.value": COSTS,
    "crm.customer.value.model": COSTS,
    "crm.lead.settlement": ACCOUNTING,
    "crm.manual.billing": BY_HAND,
    "crm.manual.billing.line": BY_HAND,
    "crm.payment.lateness": MANAGEMENT,
    "crm.payment.promise": RECORDED,
    "crm.payment.promise.wizard": SALES_DIALOG,
    "crm.receivables.report": FIGURES,
    "crm.revenue.forecast": FIGURES,
    "crm.revenue.forecast.accuracy": FIGURES,
    "crm.revenue.forecast.state": {"administrator": "r"},
    "crm.revenue.forecast.week": FIGURES,
    "crm.sales.promotion": dict.fromkeys(SELLERS, "r"),
    "crm.sales.shortage": dict.fromkeys(SELLERS, "r"),
    "crm.sales.target": {"seller": "r", "leader": "r", "sales administrator": "rwcu"},
    "crm.service.capacity": COST_SETTINGS,
    "crm.service.driver": COST_SETTINGS,
    "crm.service.rate": COST_SETTINGS,
    "crm.stage.change.failure": {
        "sales administrator": "ru",
        "invoicing": "r",
        "accounting administrator": "r",
    },
}

#: Whom public methods answer: of a model, or of all that have one of that name. On which records,
#: the record rules say.
CALLS = {
    # Customers
    "action_view_health": FIGURES,
    "action_view_customer": FIGURES | LOG,
    "action_recompute_customers": FIGURES,
    "action_exclude_from_flags": SALES_DIALOG,
    "action_flag_to_sales": SALES_DIALOG,
    "action_record_promise": SALES_DIALOG,
    "action_print_statement": FIGURES,
    "action_send_statement": FIGURES,
    "action_withdraw": SALES_DIALOG,
    "action_ask_what_was_done": SALES_DIALOG,
    "action_mark_done": SALES_DIALOG,
    "action_done": SALES_DIALOG,
    "action_end": SALES_DIALOG,
    "action_take_from_bills": COSTS,
    "action_propose": COSTS,
    "action_view_report": COSTS,
    "action_view_value": COSTS,
    "crm.customer.health.action_recompute": FIGURES,
    "action_view_purchases": FIGURES,
    # What to offer: opportunities and tags follow the rights on opportunities and contacts.
    "action_schedule_activity": FIGURES,
    "action_create_opportunities": SELLERS,
    "action_tag_customers": SELLERS,
    # Of those who may use Email Marketing, which none of these roles may.
    "action_add_to_mailing_list": (),
    "action_add_to_quotation": (),
    "action_view_rows": FIGURES | LOG,
    "action_view_open_items": FIGURES,
    "action_view_settlements": FIGURES,
    "action_view_snapshots": FIGURES,
    "crm.customer.health.policy.action_open_policy": RIGHTS["crm.customer.health.policy"],
    "crm.customer.health.policy.action_own_provision_rates": POLICY,
    "crm.customer.health.policy.action_recompute": POLICY,
    "action_confirm_thresholds": POLICY,
    # Forecast
    "action_open_document": FIGURES,
    "action_open_rows": FIGURES,
    # Deals and their documents
    "action_view_invoices": FIGURES,
    "action_view_opportunities": FIGURES,
    "action_view_opportunity_lines": FIGURES,
    "action_view_lead": RIGHTS["crm.billing.funnel.report"],
    "action_back_to_automatic": BY_HAND,
    "action_set_billing_status": BY_HAND,
    "crm.stage.change.failure.action_retry": RIGHTS["crm.stage.change.failure"],
    # Receivables
    "action_accept_proposal": ("accounting administrator",),
    "action_open_items": ACCOUNTING,
    "action_try_again": LOG,
    "account.receivable.verification.action_cancel": VERIFIERS,
    "account.receivable.verification.action_verify_now": VERIFIERS,
    "action_open_record": VERIFIERS,
    "action_view_differences": VERIFIERS,
    # Holds
    "action_approve": RELEASERS,
    "action_reject": RELEASERS,
    "action_override_hold": RELEASERS,
    "action_ask_for_release": INSIDE,
    "action_view_document": {**RIGHTS["crm.customer.hold.waiting"], **FIGURES, **LOG},
    # Core's own lists of transfers do not ask either: they only say what to open.
    "stock.picking.type.get_action_picking_tree_held": INSIDE,
    # Commission
    "crm.commission.plan.action_approve": ("sales administrator",),
    "crm.commission.plan.action_new_version": ("sales administrator",),
    "crm.commission.plan.action_view_assignments": COMMISSION,
    "crm.commission.statement.action_confirm": ("sales administrator",),
    "crm.commission.statement.action_create_drafts": ("sales administrator",),
    "crm.commission.statement.action_download_csv": COMMISSION,
    "crm.commission.statement.action_download_xlsx": COMMISSION,
    "crm.commission.statement.action_mark_paid": (
        "sales administrator",
        "accounting administrator",
    ),
    "crm.sales.target.action_close": ("sales administrator",),
    "action_open_my_page": RIGHTS["crm.sales.target"],
    "action_view_commission": RIGHTS["crm.sales.target"],
    "action_view_deals": RIGHTS["crm.sales.target"],
    "action_view_flags": RIGHTS["crm.sales.target"],
    "action_view_lapsed": RIGHTS["crm.sales.target"],
    "crm.sales.target.action_view_overdue": RIGHTS["crm.sales.target"],
    "action_view_promises": RIGHTS["crm.sales.target"],
    "action_view_promotions": RIGHTS["crm.sales.target"],
    "action_view_shortages": RIGHTS["crm.sales.target"],
    # Import
    "action_back": BY_HAND,
    "action_download_errors": BY_HAND,
    "action_import": BY_HAND,
    "action_import_again": BY_HAND,
    "action_preview": BY_HAND,
    "action_undo": BY_HAND,
    "action_read_file": BY_HAND,
    "action_refresh": BY_HAND,
    "accounting.import.action_retry": BY_HAND,
    "action_view_errors": BY_HAND,
    "action_view_lines": BY_HAND,
    "read_result": BY_HAND,
}
#: Addresses, and how one has to be logged in; what is behind them follows the user's rights.
ROUTES = {
    "/crm_customer_health/workbook/<int:report_id>": "user",
    "/crm_sales_commission/statements/<string:file_format>": "user",
    "/my/statement": "user",
}

#: What of ours somebody without Sales and Accounting may read in other models: no figure of
#: anybody, but settings, and that a document is on hold.
SEEN_BY_STRANGERS = {
    "account.account.receivable_proposal",
    "account.account.receivable_reading",
    "account.journal.is_accounting_import",
    "crm.stage.billing_status",
    "product.template.is_left_out_of_mix",
    "sale.order.payer_currency_id",
    "spreadsheet.dashboard.has_customer_amounts",
    "stock.picking.type.count_picking_held",
}
#: Figures of a digest are computed for each recipient, who is asked for the rights to them.
SEEN_IN_DIGESTS = "digest.digest.kpi_"
#: What a hold says of a document, to colleagues who may read the document.
SEEN_OF_HOLDS = {
    "can_override_hold",
    "hold_asked_on",
    "hold_deciders",
    "hold_override_note",
    "hold_reason",
    "hold_status",
    "is_held",
    "is_hold_blocking",
    "is_hold_rejected",
}
HELD_MODELS = ("sale.order", "stock.picking")
#: Who has no business with our documents at all.
OUTSIDE = ("public", "portal")
#: The currency of the company, which their order is in or not.
SEEN_OUTSIDE = {"sale.order.payer_currency_id"}
