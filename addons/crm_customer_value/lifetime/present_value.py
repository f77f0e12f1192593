"""What money at other times is worth now."""


def present_value(flows, rate):
    """Sum of CF_t / (1 + d)^t.

    :param flows: pairs of years from now (negative: past) and amount.
    :param rate: d, yearly, as a share: 0.1 for 10 %.
    """
    return sum(amount / (1 + rate) ** years for years, amount in flows)


def lifetime_multiple(retention, rate):
    """Yearly margins that a customer is worth who stays with a chance: r / (1 + d - r)."""
    return retention / (1 + rate - retention)
