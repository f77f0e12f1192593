from odoo import api, fields
from odoo.exceptions import MissingError


class Live:
    """Fresh where a person looks: the diagnosis of one customer while a change waits.

    What is stored is what ``read``, exports, searches and the API give. The form of one customer
    shows figures of this moment in their place, and says so. They are put into the answer only:
    nothing is written, also not into the cache.
    """

    __slots__ = ()

    @api.depends("company_id", "partner_id")
    def _compute_is_being_updated(self):
        keys = self._get_change_keys()
        waiting = (
            self.env["account.receivable.change"]
            .sudo()  # whether the row is of before: nothing else is shown
            ._get_waiting(self._name, keys.values())
        )
        others = self.filtered(lambda health: keys[health] not in waiting)
        computed = others._get_companies_of_today()
        for health in self:
            health.is_being_updated = health.company_id not in computed or keys[health] in waiting

    def _get_companies_of_today(self):
        """The companies of these rows whose customers were all computed for the day they have."""
        return (
            self.env["crm.customer.health.norm"]
            .sudo()  # the day for which all customers were computed
            .search_fetch([("company_id", "in", self.company_id.ids)], ["company_id", "as_of_date"])
            .filtered(lambda norm: norm.as_of_date == norm.company_id._get_today())
            .company_id
            if self
            else self.env["res.company"]
        )

    def _get_change_keys(self) -> dict:
        return {health: (health.company_id.id, health.partner_id.id) for health in self}

    def _get_live(self) -> dict[int, dict]:
        """Stored fields of these rows as they are now in the journals: a dictionary by row id.

        For who has nothing left they are empty. Checks that the user may read the rows, then reads
        the journals with full rights.
        """
        self.check_access("read")
        figures = self._get_figures(self.company_id, self.partner_id)
        return {
            health.id: figures.get(key) or self._get_empty_figures(key)
            for health, key in self._get_change_keys().items()
        }

    @api.model
    def _get_empty_figures(self, key: tuple[int, int]) -> dict:
        """The figures of a customer of whom there is nothing in the journals."""
        register = self._get_register()
        empty = {name: figure.empty or False for name, figure in register.items()}
        return empty | dict(zip(("company_id", "partner_id"), key, strict=True))

    def _get_live_record(self):
        """A record that exists in memory only, with the figures of this moment."""
        self.ensure_one()
        return self.new(
            {
                **self._get_live()[self.id],
                "refreshed_at": fields.Datetime.now(),
                "refreshed_for": self.company_id._get_today(),
            },
            origin=self,
        )

    @api.model
    def _get_live_fields(self) -> set[str]:
        """The figures, and what is said with them."""
        figures = {*self._get_register(), "refreshed_at", "refreshed_for"}
        return figures | {
            name
            for name, field in self._fields.items()
            if not field.store and figures & set(self.pool.field_depends[field])
        }

    @api.readonly
    def web_read(self, specification):
        names = self._get_live_fields() & specification.keys()
        if not names or not self._is_shown_live():
            return super().web_read(specification)
        for name in names:
            # What is put into the answer below is read from memory, where nobody asks.
            self._check_field_access(self._fields[name], "read")
        result = super().web_read(
            {name: spec for name, spec in specification.items() if name not in names}
        )
        live = self._get_live_record()
        for name in names:
            if wanted := specification[name].get("fields"):
                [result[0][name]] = live[name].web_read(wanted) or [False]
                continue
            result[0][name] = live._fields[name].convert_to_read(
                live[name], live, use_display_name=False
            )
        return result

    def _is_shown_live(self) -> bool:
        # In the form of something else, not saved yet, a row has no id.
        if len(self) != 1 or not self.id:
            return False
        try:
            return self.is_being_updated
        except MissingError:
            # Computed anew in the meantime: nothing is left of the customer.
            return False
