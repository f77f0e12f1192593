def migrate(cr, version):
    """Journals for imports have no address: they were given one by accident."""
    cr.execute(
        """
        UPDATE mail_alias alias SET alias_name = NULL
          FROM account_journal journal
         WHERE journal.alias_id = alias.id AND journal.is_accounting_import
           AND alias.alias_name LIKE 'false-%'
        """
    )
