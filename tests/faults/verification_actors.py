"""Who works off a verification, for ``faults.actors``."""


def verifier(env, _number):
    """What the scheduled action does, until it is killed."""
    env["account.receivable.verification"]._cron_verify()
