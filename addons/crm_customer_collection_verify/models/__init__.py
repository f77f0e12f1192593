from . import account_receivable_verification
