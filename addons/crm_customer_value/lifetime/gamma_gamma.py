"""How much somebody spends on a purchase: the gamma-gamma model.

Fader and Hardie, The Gamma-Gamma Model of Monetary Value (2013). Each purchase varies around the
customer's mean (gamma with p), the means over the customers (gamma with q and gamma).
"""

import math
from typing import NamedTuple

from .simplex import minimise


class Parameters(NamedTuple):
    p: float
    q: float
    gamma: float


def log_likelihood(parameters, customers):
    """:param customers: tuples (number of purchases, their mean amount), both above 0."""
    p, q, gamma = parameters
    lgamma, log = math.lgamma, math.log
    constant = q * log(gamma) - lgamma(q)
    return sum(
        lgamma(p * x + q)
        - lgamma(p * x)
        + constant
        + (p * x - 1) * log(mean)
        + p * x * log(x)
        - (p * x + q) * log(gamma + mean * x)
        for x, mean in customers
    )


def fit(customers):
    """The parameters under which these customers are likeliest; amounts in any unit."""
    scale = sum(mean for __, mean in customers) / len(customers)
    scaled = [(x, mean / scale) for x, mean in customers]

    def badness(logs):
        if max(map(abs, logs)) > 10:
            return math.inf
        return -log_likelihood([math.exp(value) for value in logs], scaled)

    point, __ = minimise(badness, [1.0, 1.0, 0.5])
    p, q, gamma = (math.exp(value) for value in point)
    return Parameters(p, q, gamma * scale)


def expected_spend(parameters, x, mean):
    """Mean amount of a customer's purchases to come, after ``x`` of this mean: between his own and
    that of all. ``None`` where the mean of all does not exist (q below 1).
    """
    p, q, gamma = parameters
    if p * x + q <= 1:
        return None
    return p * (gamma + x * mean) / (p * x + q - 1)
