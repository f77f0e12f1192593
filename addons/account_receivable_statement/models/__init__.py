from . import account_receivable_statement, res_partner
