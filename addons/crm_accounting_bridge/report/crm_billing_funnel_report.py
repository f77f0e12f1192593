from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.query import Query

from ..models.billing_status import BILLING_STATUSES

#: More than there will ever be phases: makes one id of a deal and a phase.
_MAX_PHASES = 16

#: Groups by these come in the order of the selection.
_ORDERED_FIELDS = ("phase", "won_status")

#: Measures that mean something within a phase only.
_FIELDS_OF_ONE_PHASE = ("amount", "conversion_rate", "step_conversion_rate", "days")


class Phase(NamedTuple):
    """A phase of the funnel, in SQL over ``lead`` (``crm_lead``) and what is joined to it.

    Somebody who came into a later phase counts in the earlier ones, too, known dates or not.
    """

    name: str
    #: The deal came as far as this.
    is_reached: SQL
    #: When it did, a date; NULL if it is not known.
    date: SQL
    #: What the deal is worth there, in the currency of the report.
    amount: SQL
    #: Its amount is money that was received, which counts from the first cent by itself.
    is_receipt: bool = False


class CrmBillingFunnelReport(models.Model):
    """From enquiry to cash: one row per deal and phase, whether the deal reached the phase or not.

    Rows of phases that were not reached are what makes conversion an average: of all deals in a
    group, or of those that reached the phase before. Lost deals are in it. Amounts are in the
    currency of the user's company, at today's rates; up to "Won" what is expected, then the
    figures of the deals themselves.
    """

    _name = "crm.billing.funnel.report"
    _description = "Funnel to Cash"
    _auto = False
    _rec_name = "lead_id"
    _order = "lead_id desc, position"

    lead_id = fields.Many2one("crm.lead", string="Opportunity", readonly=True)
    phase = fields.Selection(
        [
            ("enquiry", "Enquiry"),
            ("qualified", "Opportunity"),
            ("won", "Won"),
            ("invoiced", "Invoiced"),
            ("paid", "Paid"),
        ],
        readonly=True,
        help="How far opportunities come. One that is paid has passed all phases before.",
    )
    position = fields.Integer("Phase Number", aggregator=None, readonly=True)
    is_reached = fields.Boolean("Phase Reached", readonly=True)
    date_reached = fields.Date("Reached on", readonly=True)
    enquiry_date = fields.Date("Created on", readonly=True)
    reached_count = fields.Integer(
        "Opportunities",
        aggregator="count_distinct",
        readonly=True,
        help="How many enquiries and opportunities reached the phase.",
    )
    amount = fields.Monetary(
        readonly=True,
        help="What is expected of the opportunities that reached the phase; invoiced, taxes"
        " included, under “Invoiced”; received under “Paid”.",
    )
    received_amount = fields.Monetary(
        "Amount Received",
        readonly=True,
        help="What was received of all opportunities, part payments of those that are not paid yet"
        " included.",
    )
    conversion_rate = fields.Float(
        "Conversion from Enquiry",
        aggregator="avg",
        readonly=True,
        help="Share of all enquiries that reached the phase.",
    )
    step_conversion_rate = fields.Float(
        "Conversion from Phase Before",
        aggregator="avg",
        readonly=True,
        help="Share of those in the phase before that reached this one.",
    )
    lost_count = fields.Integer(
        "Lost Here",
        readonly=True,
        help="How many were lost after this phase: they reached no later one.",
    )
    days = fields.Integer(
        "Days from Phase Before (Median)",
        aggregator="median",
        readonly=True,
        help="Half of the opportunities took no longer from the phase before to this one: from won"
        " to invoiced, from invoiced to paid.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales Team", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    source_id = fields.Many2one("utm.source", readonly=True)
    medium_id = fields.Many2one("utm.medium", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    stage_id = fields.Many2one("crm.stage", readonly=True)
    lost_reason_id = fields.Many2one("crm.lost.reason", readonly=True)
    lead_type = fields.Selection(
        [("lead", "Lead"), ("opportunity", "Opportunity")], string="Type", readonly=True
    )
    won_status = fields.Selection(
        [("pending", "Open"), ("lost", "Lost"), ("won", "Won")],
        string="Won/Lost",
        readonly=True,
    )
    billing_status = fields.Selection(BILLING_STATUSES, readonly=True)

    _depends = {
        "crm.lead": [
            "active",
            "billing_currency_id",
            "billing_status",
            "campaign_id",
            "company_id",
            "country_id",
            "create_date",
            "date_closed",
            "date_conversion",
            "expected_revenue",
            "first_invoice_date",
            "invoiced_total",
            "lost_reason_id",
            "medium_id",
            "paid_date",
            "paid_total",
            "partner_id",
            "source_id",
            "stage_id",
            "team_id",
            "type",
            "user_id",
            "won_status",
        ],
        "res.company": ["currency_id", "partner_id"],
        "res.currency.rate": ["company_id", "currency_id", "name", "rate"],
        "res.partner": ["commercial_partner_id", "tz"],
    }

    @property
    def _table_query(self) -> SQL:
        return SQL(
            "WITH rate AS MATERIALIZED (%s) %s %s",
            self.env.company._get_rate_sql(),
            self._select(),
            self._from(),
        )

    @api.model
    def _get_phases(self) -> list[Phase]:
        """The phases in their order; another addon may put its own in between."""
        expected = SQL("lead.expected_revenue * expected_rate.factor")
        return [
            Phase("enquiry", SQL("TRUE"), self._get_local_date("create_date"), expected),
            Phase(
                "qualified",
                SQL("lead.type = 'opportunity'"),
                SQL(
                    "COALESCE(%s, %s)",
                    self._get_local_date("date_conversion"),
                    self._get_local_date("create_date"),
                ),
                expected,
            ),
            Phase(
                "won",
                SQL("lead.won_status = 'won'"),
                self._get_local_date("date_closed"),
                expected,
            ),
            Phase(
                "invoiced",
                SQL("lead.first_invoice_date IS NOT NULL"),
                SQL("lead.first_invoice_date"),
                SQL("COALESCE(lead.invoiced_total, 0) * billed_rate.factor"),
            ),
            Phase(
                "paid",
                SQL("lead.billing_status = 'paid'"),
                SQL("lead.paid_date"),
                SQL("COALESCE(lead.paid_total, 0) * billed_rate.factor"),
                is_receipt=True,
            ),
        ]

    @api.model
    def _get_local_date(self, field_name: str, alias: str = "lead") -> SQL:
        """A moment as the date that it was for the deal's company."""
        return SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(NULLIF(zone.tz, ''), %s))::date",
            SQL.identifier(alias, field_name),
            self.env.user.tz or "UTC",
        )

    @api.model
    def _select(self) -> SQL:
        return SQL(
            """
            SELECT lead.id * %(max_phases)s + phase.position AS id,
                   lead.id AS lead_id,
                   phase.name AS phase,
                   phase.position,
                   state.is_reached,
                   CASE WHEN state.is_reached THEN phase.date END AS date_reached,
                   %(enquiry_date)s AS enquiry_date,
                   CASE WHEN state.is_reached THEN lead.id END AS reached_count,
                   CASE WHEN state.is_reached THEN phase.amount ELSE 0 END AS amount,
                   CASE WHEN phase.is_receipt THEN phase.amount END AS received_amount,
                   state.is_reached::int AS conversion_rate,
                   CASE WHEN phase.position > 1 AND moment.position >= phase.position - 1
                        THEN state.is_reached::int END AS step_conversion_rate,
                   (lead.won_status = 'lost' AND moment.position = phase.position)::int
                       AS lost_count,
                   CASE WHEN NOT state.is_reached THEN NULL
                        WHEN phase.date < phase.previous_date THEN 0
                        ELSE phase.date - phase.previous_date END AS days,
                   %(currency_id)s AS currency_id,
                   lead.company_id,
                   lead.user_id,
                   lead.team_id,
                   COALESCE(partner.commercial_partner_id, partner.id) AS partner_id,
                   COALESCE(lead.country_id, partner.country_id) AS country_id,
                   lead.source_id,
                   lead.medium_id,
                   lead.campaign_id,
                   lead.stage_id,
                   lead.lost_reason_id,
                   lead.type AS lead_type,
                   lead.won_status,
                   lead.billing_status
            """,
            max_phases=_MAX_PHASES,
            enquiry_date=self._get_local_date("create_date"),
            currency_id=self.env.company.currency_id.id,
        )

    @api.model
    def _from(self) -> SQL:
        phases = self._get_phases()
        dates = [SQL.identifier("moment", phase.name) for phase in phases]
        return SQL(
            """
              FROM crm_lead lead %(joins)s
             CROSS JOIN LATERAL (
                SELECT GREATEST(%(positions)s) AS position, %(dates)s
                OFFSET 0 -- each date is computed once, not again in each of its uses
                   ) moment
             CROSS JOIN LATERAL (VALUES %(phases)s)
                  AS phase(position, name, date, previous_date, amount, is_receipt)
             CROSS JOIN LATERAL (SELECT moment.position >= phase.position AS is_reached) state
            """,
            joins=self._get_joins(),
            positions=SQL(", ").join(
                SQL("CASE WHEN %s THEN %s END", phase.is_reached, position)
                for position, phase in enumerate(phases, start=1)
            ),
            dates=SQL(", ").join(
                SQL(
                    "CASE WHEN %s THEN %s END AS %s",
                    phase.is_reached,
                    phase.date,
                    SQL.identifier(phase.name),
                )
                for phase in phases
            ),
            phases=SQL(", ").join(
                SQL(
                    "(%s, %s, %s, %s, %s, %s)",
                    position + 1,
                    phase.name,
                    dates[position],
                    # A phase without a known date does not interrupt the count of days.
                    SQL(
                        "COALESCE(%s)",
                        SQL(", ").join([*dates[:position][::-1], SQL("NULL::date")]),
                    ),
                    phase.amount,
                    phase.is_receipt,
                )
                for position, phase in enumerate(phases)
            ),
        )

    @api.model
    def _get_joins(self) -> SQL:
        """What the phases are read from, one row per ``lead``; another addon may add to it.

        ``rate`` has the ``factor`` of a ``currency_id`` into the currency of the report.
        """
        return SQL(
            """
              LEFT JOIN res_partner partner ON partner.id = lead.partner_id
              LEFT JOIN res_company company ON company.id = lead.company_id
              LEFT JOIN res_partner zone ON zone.id = company.partner_id
              LEFT JOIN rate expected_rate
                ON expected_rate.currency_id = COALESCE(company.currency_id, %(currency_id)s)
              LEFT JOIN rate billed_rate
                ON billed_rate.currency_id = COALESCE(lead.billing_currency_id, %(currency_id)s)
            """,
            currency_id=self.env.company.currency_id.id,
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Medians, which the ORM does not know, and nothing where several phases would be mixed.

        What is expected, invoiced and paid of the same opportunity does not add up to anything.
        """
        field_name, __, aggregator = aggregate_spec.partition(":")
        if aggregator == "median":
            aggregate = SQL(
                "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %s)",
                self._field_to_sql(self._table, field_name, query),
            )
        else:
            aggregate = super()._read_group_select(aggregate_spec, query)
        if field_name not in _FIELDS_OF_ONE_PHASE:
            return aggregate
        position = self._field_to_sql(self._table, "position", query)
        return SQL("CASE WHEN MIN(%s) = MAX(%s) THEN %s END", position, position, aggregate)

    def _read_group_orderby(self, order: str, groupby_terms: dict[str, SQL], query: Query) -> SQL:
        """Phases in the order of the funnel, outcomes from open to won, not of the alphabet."""
        terms = {name: groupby_terms[name] for name in _ORDERED_FIELDS if name in groupby_terms}
        for name, term in terms.items():
            keys = [key for key, __ in self._fields[name].selection]
            groupby_terms[name] = SQL("ARRAY_POSITION(%s::text[], %s::text)", keys, term)
        order_sql = super()._read_group_orderby(order, groupby_terms, query)
        groupby_terms.update(terms)
        return order_sql

    def action_view_lead(self):
        """Open the opportunity of the row."""
        return self.lead_id.get_formview_action()

    @api.model
    def action_view_leads(self, domain: list) -> dict:
        """The opportunities behind a part of the graph or pivot: those that reached the phase.

        :param domain: of this report; those who may not read it get an access error.
        """
        reached = (
            Domain("is_reached", "=", True)
            | Domain("received_amount", ">", 0)
            | Domain("received_amount", "<", 0)
        )
        [(lead_ids,)] = self._read_group(
            Domain(domain) & reached, aggregates=["lead_id:array_agg_distinct"]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Opportunities"),
            "res_model": "crm.lead",
            "views": [(self.env.ref("crm.crm_case_tree_view_oppor").id, "list"), (False, "form")],
            "domain": [("id", "in", lead_ids)],
            "context": {"active_test": False, "create": False},
        }
