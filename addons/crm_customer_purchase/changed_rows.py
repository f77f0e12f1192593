"""Stored rows of companies, customers and products are brought in line with what was computed."""

from odoo import fields
from odoo.tools import SQL

#: What a row is of: unique together.
KEY = ("company_id", "partner_id", "product_id")


def write_changed_rows(
    model, result, columns, companies, partners=None, relations=None, key=KEY, where=None
):
    """Bring the stored rows of a model in line with a relation, in one statement: rows that are
    new or changed are written, those that are not there any more are deleted, and the others are
    left as they are.

    :param result: name of the relation with the rows as they shall be: the key and the columns
    :param columns: names of what is compared and written
    :param companies: whose rows they are
    :param partners: of which customers only; of all without
    :param SQL relations: ``WITH`` and the relations that ``result`` is made of, where it is not a
        table
    :param key: what a row is of
    :param SQL where: which rows only, where the key is unique among these
    """
    every = [*map(SQL.identifier, (*key, *columns))]
    key = [*map(SQL.identifier, key)]

    def of(relation, names):
        return SQL(", ").join(SQL("%s.%s", SQL.identifier(relation), name) for name in names)

    values = [*map(SQL.identifier, columns)]
    model.env.cr.execute(
        SQL(
            """
            %(with)s old AS (
                SELECT * FROM %(table)s
                 WHERE company_id = ANY(%(companies)s) AND %(partners)s AND %(where)s
            ), gone AS (
                DELETE FROM %(table)s stored
                 USING old
                 WHERE stored.id = old.id
                   AND NOT EXISTS (SELECT FROM %(result)s result
                                    WHERE (%(result_key)s) = (%(old_key)s))
            )
            INSERT INTO %(table)s (%(every)s, create_uid, create_date, write_uid, write_date)
            SELECT %(result_every)s, %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM %(result)s result
              LEFT JOIN old ON (%(old_key)s) = (%(result_key)s)
             WHERE old.id IS NULL OR (%(old_values)s) IS DISTINCT FROM (%(result_values)s)
            ON CONFLICT (%(key)s) WHERE %(where)s DO UPDATE
               SET (%(every)s, write_uid, write_date)
                 = (%(excluded)s, EXCLUDED.write_uid, EXCLUDED.write_date)
            """,
            **{"with": SQL("%s,", relations) if relations else SQL("WITH")},
            table=SQL.identifier(model._table),
            result=SQL.identifier(result),
            companies=list(companies.ids),
            partners=SQL("TRUE")
            if partners is None
            else SQL("partner_id = ANY(%s)", list(partners.ids)),
            where=where or SQL("TRUE"),
            key=SQL(", ").join(key),
            every=SQL(", ").join(every),
            result_key=of("result", key),
            old_key=of("old", key),
            result_every=of("result", every),
            result_values=of("result", values),
            old_values=of("old", values),
            excluded=of("excluded", every),
            uid=model.env.uid,
            now=fields.Datetime.now(),
        )
    )
    model.invalidate_model()
