from . import (
    account_receivable_verification,
    account_receivable_verification_check,
    account_receivable_verification_difference,
    account_receivable_verification_total,
)
