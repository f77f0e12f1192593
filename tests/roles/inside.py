"""Runs inside Odoo: who may what, as the registry says, printed as JSON."""

import json

from odoo import Command
from odoo.exceptions import AccessError

ROLES = {
    "public": "base.group_public",
    "portal": "base.group_portal",
    "internal": "base.group_user",
    "seller": "sales_team.group_sale_salesman",
    "leader": "sales_team.group_sale_salesman_all_leads",
    "sales administrator": "sales_team.group_sale_manager",
    "inventory": "stock.group_stock_user",
    "inventory administrator": "stock.group_stock_manager",
    "projects": "project.group_project_user",
    "invoicing": "account.group_account_invoice",
    "auditor": "account.group_account_readonly",
    "accounting administrator": "account.group_account_manager",
    "administrator": "base.group_system",
}
#: Who sees no figure of any customer or deal.
STRANGERS = ("public", "portal", "internal", "inventory", "inventory administrator", "projects")
OPERATIONS = ("read", "write", "create", "unlink")


def create_users(env):
    return {
        role: env["res.users"].create(
            {
                "name": role,
                "login": f"matrix {role}",
                "group_ids": [Command.set([env.ref(group).id])],
            }
        )
        for role, group in ROLES.items()
    }


def get_ours(env):
    """Names of our modules."""
    modules = env["ir.module.module"].search([("author", "=", "CRM Accounting Bridge")])
    return set(modules.filtered(lambda module: module.state == "installed").mapped("name"))


def get_models(env, ours):
    """Our models with records, by name."""
    return {
        name: env[name]
        for name in sorted(env.registry)
        if env[name]._original_module in ours and not env[name]._abstract
    }


def get_foreign_fields(env, ours):
    """Fields that our addons put into models of others, as ``(model, field)``."""
    return [
        (name, field)
        for name in sorted(env.registry)
        if env[name]._original_module not in ours and not env[name]._abstract
        for field in sorted(env[name]._fields)
        if set(env[name]._fields[field]._modules) & ours
        and not set(env[name]._fields[field]._modules) - ours
    ]


def get_rights(users, models):
    """The operations that each role may do with each model, by model and role."""
    return {
        name: {
            role: "".join(
                operation[0]
                for operation in OPERATIONS
                if model.with_user(user).browse().has_access(operation)
            )
            for role, user in users.items()
        }
        for name, model in models.items()
    }


def get_seen_fields(env, users, fields):
    """Which fields of ours in models of others each stranger may read."""
    seen = {}
    for role in STRANGERS:
        for name, field in fields:
            model = env[name].with_user(users[role])
            if model.browse().has_access("read") and model._has_field_access(
                model._fields[field], "read"
            ):
                seen.setdefault(role, []).append(f"{name}.{field}")
    return seen


def get_leaks(env, users, fields):
    """Ways in which strangers ask for a field that they may not read, and are answered."""
    leaks = []
    for role in STRANGERS:
        for name, field in fields:
            model = env[name].with_user(users[role])
            definition = model._fields[field]
            if not model.browse().has_access("read"):
                continue
            if model._has_field_access(definition, "read"):
                continue
            asked = {
                "search": lambda m=model, f=field: m.search([(f, "!=", False)], limit=1),
                "search with full rights": lambda m=model, f=field: (
                    m.sudo().sudo(False).search([(f, "in", [1, True])], limit=1)
                ),
                "read": lambda m=model, f=field: m.search([], limit=1).read([f]),
                "group": lambda m=model, f=field: m.formatted_read_group([], [f], ["__count"]),
                "sum": lambda m=model, f=field: m.formatted_read_group([], [], [f"{f}:max"]),
                "order": lambda m=model, f=field: m.search([], order=f, limit=1),
                "export": lambda m=model, f=field: m.search([], limit=1).export_data([f]),
            }
            for way, ask in asked.items():
                try:
                    with env.cr.savepoint():
                        ask()
                except AccessError:
                    continue
                except Exception as error:
                    # Refused for another reason: nothing is told either.
                    if type(error).__name__ in ("UserError", "ValueError", "KeyError"):
                        continue
                    raise
                leaks.append(f"{role}: {name}.{field} by {way}")
    return leaks


def look(env):
    ours = get_ours(env)
    users = create_users(env)
    fields = get_foreign_fields(env, ours)
    found = {
        "rights": get_rights(users, get_models(env, ours)),
        "fields": len(fields),
        "seen": get_seen_fields(env, users, fields),
        "leaks": get_leaks(env, users, fields),
    }
    print(f"@@@{json.dumps(found)}@@@")
