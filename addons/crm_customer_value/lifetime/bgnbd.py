"""How often somebody buys, and until when: the BG/NBD model.

Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005), 275-284.
A customer is (x, t_x, T): repeat purchases, when the last of them was, and how long he is known,
counted from his first purchase, in weeks. While alive he buys at random at a rate of his own (gamma
with r and alpha over the customers); after each purchase he leaves with a chance of his own (beta
with a and b).
"""

import math
from collections import Counter
from typing import NamedTuple

from .simplex import minimise

#: Beyond these a parameter says that the data do not tell it.
BOUNDS = (1e-3, 1e3)
#: Nearer to 1 the formula divides by almost nothing: its limit is taken.
NEAR_ONE = 1e-6


class Parameters(NamedTuple):
    r: float
    alpha: float
    a: float
    b: float

    def is_at_bound(self) -> bool:
        """Whether the data did not tell a or b."""
        return not all(BOUNDS[0] < value < BOUNDS[1] for value in (self.a, self.b))


def log_likelihood(parameters, groups):
    """Equation 6, of groups of like customers.

    :param groups: ``{(x, t_x, T): number of customers}``.
    """
    r, alpha, a, b = parameters
    constant = r * math.log(alpha) - math.lgamma(r) + math.lgamma(a + b) - math.lgamma(b)
    by_count = {}
    log, exp = math.log, math.exp
    total = 0.0
    for (x, last, age), number in groups.items():
        if x not in by_count:
            by_count[x] = (
                math.lgamma(r + x) + constant + math.lgamma(b + x) - math.lgamma(a + b + x),
                log(a / (b + x - 1)) if x else 0.0,
            )
        term, left = by_count[x]
        alive = -(r + x) * log(alpha + age)
        if x:
            # ln(e^alive + e^gone), of which e^gone is the larger or about as large.
            gone = left - (r + x) * log(alpha + last)
            high, low = (gone, alive) if gone > alive else (alive, gone)
            alive = high + math.log1p(exp(low - high))
        total += number * (term + alive)
    return total


def fit(customers):
    """The parameters under which these customers are likeliest.

    :param customers: tuples (x, t_x, T), weeks.
    :return: the parameters and their log-likelihood.
    """
    groups = Counter(customers)

    def badness(logs):
        if max(map(abs, logs)) > 10:
            return math.inf
        return -log_likelihood([math.exp(value) for value in logs], groups)

    point, value = minimise(badness, [0.0, 1.0, 0.0, 0.5])
    # Once more from where it ended: a simplex may have collapsed too early.
    point, value = minimise(badness, point, step=0.2)
    return Parameters(*(math.exp(value) for value in point)), -value


def probability_alive(parameters, x, last, age):
    """The chance that a customer still buys. ``None`` without repeat purchase: the model would say
    1 for ever.
    """
    if not x:
        return None
    r, alpha, a, b = parameters
    return 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + last)) ** (r + x))


def expected_purchases(parameters, x, last, age, weeks):
    """Purchases that a customer is expected to make in so many weeks from now: equation 10."""
    r, alpha, a, b = parameters
    if abs(a - 1) < NEAR_ONE:
        above, below = (Parameters(r, alpha, 1 + sign * 1e-4, b) for sign in (1, -1))
        return (
            expected_purchases(above, x, last, age, weeks)
            + expected_purchases(below, x, last, age, weeks)
        ) / 2
    z = weeks / (alpha + age + weeks)
    base = (alpha + age) / (alpha + age + weeks)
    # By Euler's transformation; base = 1 - z, so that the powers are taken together.
    series = hypergeometric(a + b - 1 - r, a - 1, a + b + x - 1, z)
    part = 1 - base ** (r + x) * (1 - z) ** (a - 1 - r - x) * series
    value = (a + b + x - 1) / (a - 1) * part
    return value * (probability_alive(parameters, x, last, age) or 1.0) if x else value


def hypergeometric(a, b, c, z):
    """Gauss's series 2F1(a, b; c; z), 0 <= z < 1. It stops on the absolute term: with b < 0 terms
    are negative.
    """
    term = total = 1.0
    for number in range(10_000):
        term *= (a + number) * (b + number) / ((c + number) * (number + 1)) * z
        total += term
        if abs(term) < 1e-12 * abs(total):
            break
    return total
