"""What runs in Odoo's shell: the walk, the scheduler beside it, and the checks in between."""

import random
import time
import traceback
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from faults.everything_actors import find_actions, run

#: The moment at which the walk begins, in Greenwich.
START = datetime(2024, 1, 10, 15)
#: The hour, in Greenwich, at which both companies have a morning behind them, and the same day.
HOUR = 15
#: After so many transactions everything is compared, at most.
CHECK_EVERY = 60
#: So often the scheduler wakes up again until everything has followed.
ROUNDS = 2
#: How often time passes after a transaction, and how long; how often the scheduler wakes up.
TIME_PASSES = 0.06
LONGEST = timedelta(days=16)
SCHEDULER_WAKES = 0.25
#: Lines of history that tell how it came to a difference.
TOLD = 150


def walk(env, seed, operations, seconds):
    """Walk until so many operations were done, or so many seconds have passed.

    :return: what was done, for the program outside.
    """
    start = read_clock()
    with frozen_time() as frozen:
        walking = Walking(env, seed, frozen)
        while walking.count() < operations and read_clock() - start < seconds:
            walking.go_on()
        walking.check()
        return {**walking.tell(), "seconds": round(read_clock() - start)}


@contextmanager
def frozen_time():
    from odoo.sql_db import BaseCursor

    with (
        freeze_time(START) as frozen,
        # When something was written is asked of PostgreSQL, which knows of no other time.
        patch.object(BaseCursor, "now", lambda _cursor: datetime.now()),
    ):
        yield frozen


def read_clock():
    """Nobody freezes this one."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class Walking:
    """A walk with the scheduler beside it, and checks."""

    def __init__(self, env, seed, frozen):
        from .everything import EverythingWalk
        from .world import World

        self.env = env
        self.frozen = frozen
        self.random = random.Random(f"scheduler {seed}")
        self.seed = seed
        self.actions = find_actions(env)
        env["ir.cron"].search([("id", "not in", self.actions.ids)]).active = False
        self.actions.filtered("active").nextcall = START
        env["digest.digest"].search([("state", "=", "activated")]).action_deactivate()
        self.world = World(env)
        env.cr.commit()
        self.walk = EverythingWalk(self.world, seed, frozen)
        env.cr.commit()
        self.checks = 0
        self.times = {"operations": 0.0, "actions": 0.0, "checks": 0.0}

    def count(self):
        return sum(self.walk.done.values())

    def tell(self):
        return {
            "operations": dict(sorted(self.walk.done.items())),
            "refused": dict(self.walk.refused.most_common()),
            "refused late": self.walk.refused_late,
            "rolled back": sum(self.walk.rolled_back.values()),
            "transactions": self.walk.transactions,
            "checks": self.checks,
            "until": str(datetime.now().date()),
            "times": {name: round(spent) for name, spent in self.times.items()},
        }

    def go_on(self):
        with self.telling("operations"):
            self.walk.transaction()
        if self.random.random() < TIME_PASSES:
            self.pass_time(self.random.random() * LONGEST)
            self.run_actions(is_due_only=True)
        elif self.random.random() < SCHEDULER_WAKES:
            self.run_actions(is_due_only=True)
        if self.walk.transactions % CHECK_EVERY == 0:
            self.check()

    @contextmanager
    def telling(self, what):
        """Whatever goes wrong is told with what happened before."""
        start = read_clock()
        try:
            yield
        except Exception as error:
            history = "\n".join(self.walk.history[-TOLD:])
            raise AssertionError(
                f"seed {self.seed}, operation {self.count()},"
                f" transaction {self.walk.transactions}, {datetime.now()}:"
                f" {what}\n{''.join(traceback.format_exception(error))}\n{history}"
            ) from None
        self.times[what] += read_clock() - start

    def pass_time(self, time_passed):
        self.frozen.tick(time_passed)
        self.walk.history.append(f"-- it is {datetime.now()}")

    def run_actions(self, is_due_only=False):
        """Our scheduled actions, as Odoo's scheduler runs them."""
        with self.telling("actions"):
            actions = self.actions
            if is_due_only:
                due = {job["id"] for job in actions._get_all_ready_jobs(self.env.cr)}
                actions = actions.filtered(lambda action: action.id in due)
            for action in actions:
                self.run_action(action)

    def run_action(self, action):
        self.walk.history.append(f"-- scheduled: {action.cron_name}")
        told = run(self.env, action)
        # What it did was done in another transaction.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self.env.invalidate_all()
        if told:
            raise AssertionError("\n".join(told))

    def check(self):
        """When everything has followed, everything is what the books say."""
        from .invariants import Invariants

        # Customers are flagged in the morning: that of the next day has not been yet.
        now = datetime.now()
        tomorrow = now + timedelta(days=1)
        self.pass_time(tomorrow.replace(hour=HOUR, minute=0, second=0) - now)
        self.run_actions()
        # What is learned of what was computed is computed a little later.
        for _round in range(ROUNDS):
            self.pass_time(timedelta(minutes=5))
            self.run_actions(is_due_only=True)
        with self.telling("checks"):
            Invariants(self.env, self.world, self.walk).check()
            self.env.cr.rollback()
        self.checks += 1
