"""Targets and Commission: where each stands, and what was earned on what was paid."""

from ..builder import Card, Chart, Dashboard, Records, Source, Table
from .shared import SALESPERSON, TEAM, THIS_YEAR

COMMISSIONS = Source(
    "crm.commission.report",
    {"period": "date", "team": "team_id", "salesperson": "user_id"},
    money=("amount", "base"),
)
TARGETS = Source("crm.sales.target", {"team": "team_id", "salesperson": "user_id"})

MENU = "crm_sales_commission.crm_commission_report_menu_crm"


def stage(label, name, colour="neutral"):
    """A card of a stage of commission."""
    return Card(label, COMMISSIONS, "amount", [["stage", "=", name]], menu=MENU, colour=colour)


def earned(label, group, head):
    """Commission and the sales behind it by a group."""
    measures = {"amount": "Commission", "base": "Sales"}
    return Table(label, COMMISSIONS, measures, group, order="amount", head=head)


COMMISSION = Dashboard(
    "commission",
    filters=[THIS_YEAR, TEAM, SALESPERSON],
    cards=[
        stage("Accrued", "accrued"),
        stage("Earned", "earned", "good"),
        stage("Payable", "payable", "good"),
        stage("Paid Out", "paid_out"),
        stage("Lost", "lost", "bad"),
    ],
    blocks=[
        Records(
            "Targets That Run",
            TARGETS,
            {
                "display_name": "Whose",
                "measure": "Measure",
                "target_amount": "Target",
                "attained_amount": "Attained",
                "attainment": "Percent",
            },
            order="date_to",
            domain=[["date_from", "<=", "today"], ["date_to", ">=", "today"]],
            rows=12,
            ascending=True,
        ),
        Chart("Commission by Month", COMMISSIONS, "amount", ["date:month", "stage"]),
        earned("By Salesperson", "user_id", "Salesperson"),
        earned("By Plan", "plan_id", "Plan"),
    ],
)
