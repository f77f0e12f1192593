"""How long contracts last: the shifted beta-geometric model.

Fader and Hardie, How to Project Customer Retention, Journal of Interactive Marketing 21 (2007),
76-90. At the end of each period a customer leaves with a chance of his own (beta with alpha and
beta over the customers): who stayed long is likelier to stay.
"""

import itertools
import math
from typing import NamedTuple

from .simplex import minimise


class Parameters(NamedTuple):
    alpha: float
    beta: float


def leaving(parameters, periods):
    """Chances to leave at the end of the first, second, ... period: equation 7."""
    alpha, beta = parameters
    chance, chances = alpha / (alpha + beta), []
    for period in range(1, periods + 1):
        if period > 1:
            chance *= (beta + period - 2) / (alpha + beta + period - 1)
        chances.append(chance)
    return chances


def survival(parameters, periods):
    """The chance to stay so many periods at least."""
    alpha, beta = parameters
    return math.exp(
        math.lgamma(beta + periods)
        - math.lgamma(beta)
        - math.lgamma(alpha + beta + periods)
        + math.lgamma(alpha + beta)
    )


def log_likelihood(parameters, left, staying):
    """:param left: ``{period: customers who left at its end}``, from 1 on.
    :param staying: ``{periods: customers who stayed so many and are there}``.
    """
    chances = leaving(parameters, max(left, default=0))
    return sum(number * math.log(chances[period - 1]) for period, number in left.items()) + sum(
        number * math.log(survival(parameters, periods)) for periods, number in staying.items()
    )


def fit(left, staying):
    """The parameters under which what happened is likeliest."""

    def badness(logs):
        if max(map(abs, logs)) > 10:
            return math.inf
        return -log_likelihood([math.exp(value) for value in logs], left, staying)

    point, __ = minimise(badness, [0.0, 0.5], tolerance=1e-12)
    return Parameters(*(math.exp(value) for value in point))


def fit_curve(counts):
    """From one cohort's customers at the begin and after each period."""
    left = {
        period: before - after
        for period, (before, after) in enumerate(itertools.pairwise(counts), start=1)
    }
    return fit(left, {len(counts) - 1: counts[-1]})


def retention(parameters, age, periods):
    """The chance that who stayed ``age`` periods stays so many more."""
    return survival(parameters, age + periods) / survival(parameters, age)
