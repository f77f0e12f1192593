from odoo import fields, models

from .crm_customer_health.judgement import QUANTILES, RANKS


class CrmCustomerHealthNorm(models.Model):
    """What is usual among a company's customers, as of the last time all were computed.

    One customer that changes during the day is compared with it, without reading all others.
    Whoever writes health rows of a company holds the lock on its norm.
    """

    _name = "crm.customer.health.norm"
    _description = "Customer Health Norm"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    as_of_date = fields.Date(
        readonly=True,
        help="The day for which all customers were last computed. Empty while they have to be"
        " computed anew.",
    )
    computed_at = fields.Datetime(
        readonly=True, help="When all customers of the company were last computed."
    )
    lateness_date = fields.Date(
        "Lateness As Of",
        readonly=True,
        help="The day for which it was last observed how late all customers pay.",
    )
    mean_health_score = fields.Float(
        readonly=True,
        help="Mean health score of the customers, before those with little history are drawn"
        " towards it.",
    )
    median_days_beyond_terms = fields.Float(
        readonly=True, help="Median of all settlements of the window."
    )
    recency_cut_1 = fields.Float(
        "Recency: 20 %",
        readonly=True,
        help="20 % of the customers have at most so much: days since the last invoice.",
    )
    recency_cut_2 = fields.Float(
        "Recency: 40 %",
        readonly=True,
        help="40 % of the customers have at most so much: days since the last invoice.",
    )
    recency_cut_3 = fields.Float(
        "Recency: 60 %",
        readonly=True,
        help="60 % of the customers have at most so much: days since the last invoice.",
    )
    recency_cut_4 = fields.Float(
        "Recency: 80 %",
        readonly=True,
        help="80 % of the customers have at most so much: days since the last invoice.",
    )
    frequency_cut_1 = fields.Float(
        "Frequency: 20 %",
        readonly=True,
        help="20 % of the customers have at most so much: invoices of the last twelve months.",
    )
    frequency_cut_2 = fields.Float(
        "Frequency: 40 %",
        readonly=True,
        help="40 % of the customers have at most so much: invoices of the last twelve months.",
    )
    frequency_cut_3 = fields.Float(
        "Frequency: 60 %",
        readonly=True,
        help="60 % of the customers have at most so much: invoices of the last twelve months.",
    )
    frequency_cut_4 = fields.Float(
        "Frequency: 80 %",
        readonly=True,
        help="80 % of the customers have at most so much: invoices of the last twelve months.",
    )
    monetary_cut_1 = fields.Float(
        "Monetary: 20 %",
        readonly=True,
        help="20 % of the customers have at most so much: revenue of the last twelve months.",
    )
    monetary_cut_2 = fields.Float(
        "Monetary: 40 %",
        readonly=True,
        help="40 % of the customers have at most so much: revenue of the last twelve months.",
    )
    monetary_cut_3 = fields.Float(
        "Monetary: 60 %",
        readonly=True,
        help="60 % of the customers have at most so much: revenue of the last twelve months.",
    )
    monetary_cut_4 = fields.Float(
        "Monetary: 80 %",
        readonly=True,
        help="80 % of the customers have at most so much: revenue of the last twelve months.",
    )

    _company_uniq = models.Constraint(
        "UNIQUE (company_id)", "A company has one customer health norm."
    )

    def _get_cut_fields(self) -> list[str]:
        return [f"{rank}_cut_{number}" for rank in RANKS for number in range(1, len(QUANTILES) + 1)]

    def _observe_lateness(self):
        """How late all customers pay, for what is expected of each."""
        self.env["crm.payment.lateness"]._refresh(self.company_id)
        for norm in self.sudo():  # nobody writes norms by hand
            norm.lateness_date = norm.company_id._get_today()
