from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields
from odoo.tools import SQL

from ...changes import CustomersRefreshed
from ...scope import HealthScope

#: Relations that are no tables when many customers are computed: they are read once.
INLINE_RELATIONS = ("health_month",)
#: Tables that are joined with larger ones: the planner has to know what is in them.
ANALYZED_RELATIONS = ("health_basis", "health_item", "health_open", "health_behaviour")

#: PostgreSQL's memory for each join and sort while many customers are computed.
WORK_MEMORY = "64MB"
#: Up to so many customers one statement is quicker than tables with statistics.
FEW_CUSTOMERS = 50


class Refresh:
    """Computing and keeping the figures: for one customer, some, or all of a company."""

    __slots__ = ()

    @api.model
    def _get_figures(self, companies, partners, as_of=None) -> dict[tuple[int, int], dict]:
        """Figures of some customers, computed now and kept nowhere.

        Reads with full rights, for salespeople may not read journal items: the caller sees to it
        that the user may see these customers.

        :param companies: figures are per company.
        :param partners: commercial partners.
        :param as_of: a past day; today in each company's time zone without it.
        :return: a dictionary by ``(company id, partner id)``; without an entry for who has no
            open item, document or settlement. Keys are the stored fields.
        """
        self._flush_sources()
        scope = self.env["account.receivable"]._look_up(HealthScope(companies, partners, as_of))
        relations = self._get_relations(scope)
        rows = self.env.execute_query_dict(
            SQL(
                "%s SELECT * FROM health_result",
                self._get_with_sql(relations),
            )
        )
        return {(row["company_id"], row["partner_id"]): row for row in rows}

    def _get_relations(self, scope: HealthScope) -> dict[str, SQL]:
        policies = self.env["crm.customer.health.policy"]._get_policy(scope.companies)
        policies.flush_model()
        since = min(
            (scope.as_of or policy.company_id._get_today())
            - relativedelta(months=policy.window_months)
            for policy in policies
        )
        return {
            "health_basis": self._get_basis_sql(policies, scope.as_of),
            **self._get_fact_relations(scope.but(since=since)),
            **self._get_judgement_relations(scope),
        }

    @api.model
    def _get_with_sql(self, relations: dict[str, SQL], are_small=True) -> SQL:
        """The relations as common table expressions.

        :param are_small: few customers. Then planning is what takes time: each relation is planned
            by itself.
        """
        return SQL(
            "WITH %s",
            SQL(", ").join(
                SQL(
                    "%s AS %s (%s)",
                    SQL.identifier(name),
                    SQL("MATERIALIZED") if are_small else SQL("NOT MATERIALIZED"),
                    select,
                )
                for name, select in relations.items()
            ),
        )

    def _flush_sources(self):
        self.env["account.receivable"]._flush()
        moves = self.env["account.move"]
        moves.flush_model(["is_move_sent", *moves._get_rejected_states()])
        for model in ("norm", "policy", "threshold"):
            self.env[f"crm.customer.health.{model}"].flush_model()

    @api.model
    def _refresh(self, companies, partners=None):
        """Compute and write the rows of these customers, or of all customers of the companies.

        Companies whose customers are being written by another process are left out: their
        customers stay in the queue, or are computed with all others later.

        :return: the companies that were done.
        """
        norms = self._lock_norms(companies)
        if partners is not None:
            # Without a norm there is nothing to compare with: then all customers are computed.
            new = norms.filtered(lambda norm: not norm.computed_at)
            if new:
                self._refresh_all(new)
            if norms - new:
                self._refresh_some((norms - new).company_id, partners)
        elif norms:
            self._refresh_all(norms)
        return norms.company_id

    def _lock_norms(self, companies):
        self.env["crm.customer.health.policy"]._get_policy(companies)
        norms = (
            self.env["crm.customer.health.norm"]
            .sudo()
            .search([("company_id", "in", companies.ids)], order="id")
        )
        return norms.try_lock_for_update()

    def _refresh_some(self, companies, partners):
        self._flush_sources()
        scope = self.env["account.receivable"]._look_up(HealthScope(companies, partners))
        if len(partners) > FEW_CUSTOMERS:
            self._fill_tables(scope)
            self._write_result(SQL(""), companies, partners)
        else:
            relations = self._get_relations(scope)
            self._write_result(self._get_with_sql(relations), companies, partners)

    def _refresh_all(self, norms):
        self._fill_tables(HealthScope(norms.company_id))
        self._write_result(SQL(""), norms.company_id, None)
        columns = [*norms._get_cut_fields(), "mean_health_score", "median_days_beyond_terms"]
        for row in self.env.execute_query_dict(SQL("SELECT * FROM health_norm")):
            norm = norms.filtered(lambda norm, row=row: norm.company_id.id == row["company_id"])
            norm.write({name: row[name] for name in columns})
        for norm in norms:
            norm.write(
                {
                    "as_of_date": norm.company_id._get_today(),
                    "computed_at": fields.Datetime.now(),
                }
            )

    def _fill_tables(self, scope: HealthScope):
        """Compute the customers of the scope into temporary tables, which end with the
        transaction; ``health_result`` has the figures.
        """
        self._flush_sources()
        self._raise_work_memory()
        if scope.partners is None:
            scope = self.env["account.receivable"]._look_up_examined(scope)
        pending = {}
        for name, select in self._get_relations(scope).items():
            if name in INLINE_RELATIONS:
                pending[name] = select
                continue
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier("pg_temp", name)))
            self.env.cr.execute(
                SQL(
                    "CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s SELECT * FROM (%s) relation",
                    SQL.identifier(name),
                    self._get_with_sql(pending, are_small=False) if pending else SQL(""),
                    select,
                )
            )
            if name in ANALYZED_RELATIONS:
                # A temporary table has no statistics of its own accord.
                self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(name)))

    def _raise_work_memory(self):
        """Let joins of a million rows stay in memory, to the end of the transaction."""
        self.env.cr.execute(
            SQL(
                """
                SELECT set_config('work_mem', %(wanted)s, TRUE)
                 WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes(%(wanted)s)
                """,
                wanted=WORK_MEMORY,
            )
        )

    def _write_result(self, with_sql: SQL, companies, partners):
        """Bring the stored rows in line with ``health_result`` and tell what changed for people.

        One statement. For all customers only rows that changed are written. The row of a customer
        of whom nothing is left goes, unless people left something on it.
        """
        columns = [SQL.identifier(name) for name in self._get_result_columns()]
        values = [
            name for name in self._get_result_columns() if name not in ("company_id", "partner_id")
        ]
        is_changed = SQL(
            "(%s) IS DISTINCT FROM (%s)",
            SQL(", ").join(SQL.identifier("old", name) for name in values),
            SQL(", ").join(SQL.identifier("result", name) for name in values),
        )
        scope = SQL("TRUE")
        if partners is not None:
            is_changed = SQL("TRUE")
            scope = SQL("partner_id = ANY(%s)", list(partners.ids))
        now = fields.Datetime.now()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                %(with)s old AS (
                    SELECT * FROM crm_customer_health
                     WHERE company_id = ANY(%(companies)s) AND %(scope)s
                ), without AS (
                    SELECT old.*, %(has_history)s AS has_history
                      FROM old
                     WHERE NOT EXISTS (
                           SELECT FROM health_result result
                            WHERE result.company_id = old.company_id
                              AND result.partner_id = old.partner_id)
                ), gone AS (
                    DELETE FROM crm_customer_health health
                     USING without
                     WHERE health.id = without.id AND NOT without.has_history
                 RETURNING health.id
                ), written AS (
                    INSERT INTO crm_customer_health AS health (
                        %(columns)s, refreshed_at, refreshed_for, create_uid, create_date,
                        write_uid, write_date)
                    SELECT %(result)s, %(now)s, basis.as_of, %(uid)s, %(now)s, %(uid)s, %(now)s
                      FROM (
                        SELECT %(columns)s FROM health_result
                         UNION ALL
                        SELECT %(empty)s FROM without WHERE has_history
                           ) result
                      JOIN health_basis basis ON basis.company_id = result.company_id
                      LEFT JOIN old ON old.company_id = result.company_id
                                   AND old.partner_id = result.partner_id
                     WHERE old.id IS NULL OR %(is_changed)s
                    ON CONFLICT (company_id, partner_id) DO UPDATE
                       SET (%(columns)s, refreshed_at, refreshed_for, write_uid, write_date)
                         = (%(excluded)s, EXCLUDED.refreshed_at, EXCLUDED.refreshed_for,
                            EXCLUDED.write_uid, EXCLUDED.write_date)
                    RETURNING health.id, company_id, partner_id, health_status, needs_action
                )
                SELECT old.company_id, old.partner_id, written.id,
                       old.health_status, written.health_status,
                       old.needs_action AND written.needs_action IS NOT TRUE
                  FROM old
                  LEFT JOIN written ON written.company_id = old.company_id
                                   AND written.partner_id = old.partner_id
                 WHERE old.health_status != written.health_status
                    OR old.needs_action AND written.id IS NOT NULL AND NOT written.needs_action
                    OR old.needs_action AND old.id IN (SELECT id FROM gone)
                """,
                **{"with": SQL("%s, ", with_sql) if with_sql else SQL("WITH")},
                companies=list(companies.ids),
                scope=scope,
                has_history=SQL("(%s)", self._get_history_sql("old")),
                columns=SQL(", ").join(columns),
                empty=self._get_empty_columns_sql(),
                result=SQL(", ").join(SQL("result.%s", column) for column in columns),
                excluded=SQL(", ").join(SQL("EXCLUDED.%s", column) for column in columns),
                is_changed=is_changed,
                now=now,
                uid=self.env.uid,
            )
        )
        self.invalidate_model()
        cured = defaultdict(list)
        for company_id, partner_id, *__, is_cured in rows:
            if is_cured:
                cured[company_id].append(partner_id)
        self._on_customers_refreshed(
            CustomersRefreshed(
                companies,
                partners,
                old_statuses={
                    health_id: old_status
                    for __, __, health_id, old_status, new_status, __ in rows
                    if health_id and old_status != new_status
                },
                cured=cured,
            )
        )

    @api.model
    def _get_empty_columns_sql(self) -> SQL:
        """The stored columns of a customer of whom there is nothing in the journals."""
        register = self._get_register()
        return SQL(", ").join(
            SQL("%s", register[name].empty) if name in register else SQL.identifier(name)
            for name in self._get_result_columns()
        )

    @api.model
    def _on_customers_refreshed(self, changes: CustomersRefreshed):
        """Hook: the stored figures of these customers are of now.

        Runs with full rights, in the transaction that writes the figures. Other addons extend it
        with ``super()``: what they do about customers, they do here.
        """
        self.env["crm.customer.health.change"].sudo()._log(  # nobody may write them
            {self.browse(row_id): status for row_id, status in changes.old_statuses.items()}
        )

    @api.model
    def _cron_refresh(self):
        """Compute all customers of the companies where a new day has begun, or that must be
        computed anew; a company at a time, committed.
        """
        policies = self.env["crm.customer.health.policy"]
        policies = policies._get_policy(policies._get_companies())
        policies._propose_thresholds()
        companies = policies.company_id
        norms = self.env["crm.customer.health.norm"].search([("company_id", "in", companies.ids)])
        due = norms.filtered(
            lambda norm: {norm.as_of_date, norm.lateness_date} != {norm.company_id._get_today()}
        )
        commit_progress = self.env["ir.cron"]._commit_progress
        commit_progress(remaining=len(due))
        for norm in due:
            # First of all in the transaction. Locked: somebody computes these customers.
            if norm.try_lock_for_update():
                if norm.as_of_date != norm.company_id._get_today():
                    self._refresh(norm.company_id)
                    self._sweep_conversations()
                norm._observe_lateness()
            if not commit_progress(1):
                break
