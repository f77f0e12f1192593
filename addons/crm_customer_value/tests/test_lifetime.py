import random

from odoo.tests import BaseCase, tagged

from ..lifetime import bgnbd, contract, gamma_gamma
from ..lifetime.present_value import lifetime_multiple, present_value

#: Published for the CDNOW customers (Fader, Hardie and Lee 2005; Fader and Hardie 2013).
CDNOW = bgnbd.Parameters(r=0.243, alpha=4.414, a=0.793, b=2.426)
CDNOW_SPEND = gamma_gamma.Parameters(p=6.25, q=3.74, gamma=15.44)


@tagged("post_install", "-at_install")
class TestLifetime(BaseCase):
    def test_probability_alive(self):
        alive = bgnbd.probability_alive(CDNOW, 2, 30.43, 38.86)
        self.assertAlmostEqual(alive, 0.72658, 4)
        self.assertIsNone(bgnbd.probability_alive(CDNOW, 0, 0, 38.86))

    def test_expected_purchases(self):
        self.assertAlmostEqual(bgnbd.expected_purchases(CDNOW, 2, 30.43, 38.86, 39), 1.226, 3)

    def test_expected_purchases_at_one(self):
        """At a = 1 the formula has a hole; its limit lies between its neighbours."""
        values = [
            bgnbd.expected_purchases(CDNOW._replace(a=a), 2, 30.43, 38.86, 39)
            for a in (0.999, 1.0, 1.001)
        ]
        self.assertEqual(values, sorted(values, reverse=True))
        self.assertLess(values[0] - values[2], 0.01)

    def test_expected_purchases_by_simulation(self):
        """From its beginning a customer makes what simulated ones make on average."""
        customers = self._simulate(20000, 40)
        mean = sum(x for x, __, __ in customers) / len(customers)
        self.assertAlmostEqual(mean, bgnbd.expected_purchases(CDNOW, 0, 0, 0, 40), delta=0.05)

    def _simulate(self, number, weeks, seed=7):
        """Customers that buy and leave as the model says, with CDNOW's parameters."""
        chance = random.Random(seed)
        customers = []
        for __ in range(number):
            rate = chance.gammavariate(CDNOW.r, 1 / CDNOW.alpha)
            leaves = chance.betavariate(CDNOW.a, CDNOW.b)
            count = last = now = 0
            while True:
                now += chance.expovariate(rate) if rate > 1e-12 else weeks + 1
                if now > weeks:
                    break
                count, last = count + 1, now
                if chance.random() < leaves:
                    break
            customers.append((count, round(last), weeks))
        return customers

    def test_fit(self):
        """The parameters that made the customers come back, as near as chance allows."""
        customers = self._simulate(20000, 78)
        found, value = bgnbd.fit(customers)
        groups = bgnbd.Counter(customers)
        self.assertGreaterEqual(value, bgnbd.log_likelihood(CDNOW, groups))
        for name, allowed in (("r", 0.03), ("alpha", 0.8), ("a", 0.25), ("b", 0.9)):
            self.assertAlmostEqual(
                getattr(found, name), getattr(CDNOW, name), delta=allowed, msg=f"{name}: {found}"
            )
        self.assertFalse(found.is_at_bound())
        # What counts is what it says of the next year.
        for customer in ((0, 0, 78), (2, 60, 78), (9, 70, 78)):
            self.assertAlmostEqual(
                bgnbd.expected_purchases(found, *customer, 52)
                / bgnbd.expected_purchases(CDNOW, *customer, 52),
                1.0,
                delta=0.1,
            )

    def test_spend(self):
        self.assertAlmostEqual(gamma_gamma.expected_spend(CDNOW_SPEND, 2, 22.35), 24.664, 2)

    def test_fit_of_spend(self):
        chance = random.Random(5)
        p, q, gamma = CDNOW_SPEND
        customers = []
        for __ in range(8000):
            scale = chance.gammavariate(q, 1 / gamma)
            x = chance.randint(1, 9)
            customers.append((x, chance.gammavariate(p * x, 1 / (scale * x))))
        found = gamma_gamma.fit(customers)
        self.assertAlmostEqual(found.p / p, 1, delta=0.08)
        self.assertAlmostEqual(found.q / q, 1, delta=0.08)
        self.assertAlmostEqual(found.gamma / gamma, 1, delta=0.15)

    def test_contracts(self):
        for counts, alpha, beta in (
            ((1000, 869, 743, 653, 593, 551, 517, 491), 0.668, 3.806),
            ((1000, 631, 468, 382, 326, 289, 262, 241), 0.704, 1.182),
        ):
            found = contract.fit_curve(counts)
            self.assertAlmostEqual(found.alpha, alpha, 3)
            self.assertAlmostEqual(found.beta, beta, 3)

    def test_retention_grows(self):
        parameters = contract.Parameters(0.668, 3.806)
        self.assertAlmostEqual(contract.survival(parameters, 1), 0.8507, 4)
        self.assertAlmostEqual(
            1 - sum(contract.leaving(parameters, 5)), contract.survival(parameters, 5), 9
        )
        rates = [contract.retention(parameters, age, 1) for age in range(8)]
        self.assertEqual(rates, sorted(rates))

    def test_present_value(self):
        flows = [(0, -200.0), (1, 100.0), (2, 100.0), (3, 100.0)]
        self.assertAlmostEqual(present_value(flows, 0.1), 48.685, 3)
        self.assertAlmostEqual(lifetime_multiple(0.9, 0.12), 4.0909, 4)
