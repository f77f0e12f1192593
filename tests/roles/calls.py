"""Runs inside Odoo: public methods of ours, called from outside as each role."""

import inspect

from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.service.model import get_public_method

RECORDS = 2
REFUSALS = (AccessError, MissingError, UserError, ValidationError)


def get_our_methods(env, ours):
    """Public methods that our addons bring and that can be called without arguments, as
    ``(model, method)``.
    """
    methods = []
    for name in sorted(env.registry):
        model = env[name]
        if model._abstract:
            continue
        for method in sorted(dir(type(model))):
            function = getattr(type(model), method, None)
            if method.startswith("_") or not inspect.isfunction(function):
                continue
            modules = {
                vars(base)[method].__module__.split(".")[2]
                for base in type(model).mro()
                if method in vars(base) and vars(base)[method].__module__.count(".") > 2
            }
            if not modules or modules - ours or not is_public(model, method):
                continue
            parameters = list(inspect.signature(function).parameters.values())[1:]
            if all(
                parameter.default is not parameter.empty
                or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
                for parameter in parameters
            ):
                methods.append((name, method))
    return methods


def is_public(model, method):
    try:
        get_public_method(model, method)
    except AccessError:
        return False
    return True


def get_callers(env, users, ours):
    """The roles that each method answers, by ``model.method``; nothing that they do stays."""
    callers = {}
    for name, method in get_our_methods(env, ours):
        records = env[name] if env[name]._transient else env[name].search([], limit=RECORDS)
        if getattr(getattr(type(env[name]), method), "_api_model", False):
            calls = [env[name]]
        else:
            calls = list(records)
        if not calls:
            continue
        answered = callers.setdefault(f"{name}.{method}", [])
        for role, user in users.items():
            if any(is_answered(call, method, user) for call in calls):
                answered.append(role)
    return callers


def is_answered(records, method, user):
    env = records.env
    savepoint = env.cr.savepoint()
    try:
        target = records.with_env(env(user=user.id, su=False))
        getattr(target.with_context(allowed_company_ids=user.company_ids.ids), method)()
        env.flush_all()
    except REFUSALS:
        return False
    finally:
        env.invalidate_all(flush=False)
        savepoint.close(rollback=True)
    return True


def get_routes(env, ours):
    """Addresses of ours, with whom they are for."""
    return {
        rule.rule: rule.endpoint.routing["auth"]
        for rule in env["ir.http"].routing_map().iter_rules()
        if rule.endpoint.func.__module__.split(".")[2] in ours
    }
