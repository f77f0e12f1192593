from contextlib import contextmanager

from odoo import api, fields, models

from ..document_row import DocumentRow


class CrmAccountingLog(DocumentRow, models.Model):
    """What people changed by hand that figures or decisions rest on: who, when, from what, to what.

    Written whatever the caller's context says (a chatter can be silenced by it); nobody can change
    it, and nobody below administrator can delete from it. What is logged, the models say that call
    :meth:`_logging`.
    """

    _name = "crm.accounting.log"
    _description = "Change by Hand"
    _order = "id desc"
    _rec_name = "record_name"

    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="cascade")
    user_id = fields.Many2one(
        "res.users", string="Changed By", required=True, readonly=True, ondelete="restrict"
    )
    create_date = fields.Datetime("Changed On", readonly=True)
    res_model = fields.Char("Record Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record ID", model_field="res_model", required=True, readonly=True
    )
    record_name = fields.Char("Record", required=True, readonly=True)
    field_name = fields.Char("Technical Field", required=True, readonly=True)
    field_label = fields.Char("Field", required=True, readonly=True)
    old_value = fields.Char("Before", readonly=True)
    new_value = fields.Char("After", readonly=True)

    _res_idx = models.Index("(res_model, res_id)")

    @contextmanager
    def _logging(self, records, names):
        """Log what the block changes in these fields of the records.

        :param records: written by the block; what does not exist afterwards is left out.
        """
        before = self._get_texts(records, names)
        yield
        records = records.exists()
        after = self._get_texts(records, names)
        self._log(records, {key: (before[key], text) for key, text in after.items()})

    @api.model
    def _get_texts(self, records, names) -> dict[tuple[int, str], str]:
        """The values of these fields as people read them, by record id and field."""
        records_sudo = records.sudo()  # what somebody may change, may be logged in full
        return {
            (record.id, name): self._get_text(record, name)
            for record in records_sudo
            for name in names
        }

    @api.model
    def _get_text(self, record, name: str) -> str:
        field, value = record._fields[name], record[name]
        if field.relational:
            return ", ".join(value.mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if value is False:
            return ""
        return str(field.convert_to_read(value, record))

    @api.model
    def _log(self, records, changes: dict[tuple[int, str], tuple[str, str]]):
        """Keep these changes.

        :param changes: the texts before and after, by record id and field name; where they are the
            same, nothing is logged.
        """
        records_sudo = records.sudo()  # who changes a record may not see all of it
        by_id = {record.id: record for record in records_sudo}
        labels = records_sudo.fields_get({name for __, name in changes}, ["string"])
        self.sudo().create(  # nobody writes the log by hand
            [
                {
                    "company_id": self._get_company(by_id[record_id]).id,
                    "user_id": self.env.uid,
                    "res_model": records._name,
                    "res_id": record_id,
                    "record_name": by_id[record_id].display_name or str(record_id),
                    "field_name": name,
                    "field_label": labels[name]["string"],
                    "old_value": old,
                    "new_value": new,
                }
                for (record_id, name), (old, new) in changes.items()
                if old != new
            ]
        )

    @api.model
    def _get_company(self, record):
        """The company that the change is about: the record's, or for a value of the current one."""
        if record._name != "res.partner" and "company_id" in record._fields:
            return record.company_id
        return self.env.company
