def migrate(cr, version):
    """Rows that made an invoice know it, so that their import can be taken back.

    Which import made a payment was not kept before: an invoice with one is not taken back.
    """
    cr.execute(
        "UPDATE accounting_import_line SET made_move = TRUE"
        " WHERE state = 'created' AND move_id IS NOT NULL"
    )
