"""Runs inside Odoo: opens, reads and presses what each person sees of ours, as the web client does.

From the views themselves: which fields are read, which buttons are there and whether they are
visible is what the views say, so that nothing has to be added here for a new screen.
"""

import json
from collections import Counter
from functools import partial

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Date
from odoo.tools.safe_eval import datetime, safe_eval, time

from .calls import get_callers, get_routes
from .declared import OUTSIDE
from .inside import create_users, get_ours

#: People of the demo data, who have customers, deals and invoices.
PEOPLE = ("salesperson", "salesmanager", "accountant", "admin")
PAGE = 80
RECORDS = 3
#: A button may open an action, whose record has buttons, and so on.
DEPTH = 2
MANY = ("one2many", "many2many")


class Visitor:
    """One person at the web client."""

    def __init__(self, env, user, ours):
        self.user = user
        self.ours = ours
        self.su_env = env
        context = dict(user.context_get(), allowed_company_ids=user.company_ids.ids)
        self.env = env(user=user.id, su=False, context=context)
        self.done = set()
        self.counts = Counter()
        self.failures = []

    def attempt(self, kind, what, call, core=None):
        """Do one thing and undo it; what goes wrong is told, but for refusals in a sentence.

        :param core: the same without our fields: where that fails, too, it is not our failure.
        :return: the answer, or nothing.
        """
        self.counts[kind] += 1
        answer = None
        savepoint = self.env.cr.savepoint()
        try:
            answer = call()
            self.env.flush_all()
        except Exception as error:
            savepoint.rollback()
            self.env.invalidate_all(flush=False)
            if type(error) is UserError:
                self.counts["refused"] += 1
                return None
            if core and self.fails(core):
                self.counts["core's own failure"] += 1
                return None
            text = f"{self.user.login}: {kind} {what}: {type(error).__name__}: {error}"
            self.failures.append(" ".join(text.split())[:400])
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.close(rollback=True)
        return answer

    def fails(self, call):
        try:
            call()
        except AccessError:
            return True
        return False

    # Where to go ----------------------------------------------------------------------------------

    def walk(self):
        """Our menu items, and the forms of others that our addons add something to."""
        for menu in self.env["ir.ui.menu"].load_menus(False).values():
            if menu.get("xmlid", "").split(".")[0] in self.ours and menu.get("actionID"):
                action = self.su_env[menu["actionModel"]].browse(menu["actionID"])
                self.open_action(f"menu {menu['xmlid']}", self.load(action), 0)
        for model in self.get_extended_models():
            if self.env[model].browse().has_access("read"):
                self.open_model(
                    f"form of {model}", model, ["list", "form"], [], {}, 0, is_core=True
                )

    def get_extended_models(self):
        data = self.su_env["ir.model.data"].search(
            [("module", "in", list(self.ours)), ("model", "=", "ir.ui.view")]
        )
        views = self.su_env["ir.ui.view"].browse(data.mapped("res_id")).exists()
        return sorted(
            {
                view.model
                for view in views.filtered(lambda view: view.type == "form" and view.inherit_id)
                if not self.env[view.model]._transient
            }
        )

    def load(self, action):
        if action._name == "ir.actions.server":
            return lambda: action.with_env(self.env).run()
        return action._get_action_dict

    def open_action(self, what, load, depth, pressed=None):
        """Do what an action says.

        :param pressed: the context of the button that leads there.
        """
        action = self.attempt("action", what, load)
        if not isinstance(action, dict) or action.get("type") != "ir.actions.act_window":
            return
        context = action.get("context") or {}
        if isinstance(context, str):
            context = safe_eval(context, {**self.get_names(), **(pressed or {})})
        context = {**(pressed or {}), **context}
        domain = action.get("domain") or []
        if isinstance(domain, str):
            domain = safe_eval(domain, {**self.get_names(), "context": context, **context})
        modes = [mode for __, mode in action.get("views") or []]
        modes = modes or action.get("view_mode", "list,form").split(",")
        views = {mode: view for view, mode in action.get("views") or []}
        self.open_model(
            what, action["res_model"], modes, domain, context, depth, views, action.get("res_id")
        )

    def get_names(self):
        """What expressions of views may name."""
        return {
            "uid": self.user.id,
            "time": time,
            "datetime": datetime,
            "relativedelta": relativedelta,
            "context_today": lambda: Date.context_today(self.env.user),
            "allowed_company_ids": self.user.company_ids.ids,
            "current_date": str(Date.context_today(self.env.user)),
        }

    # What is seen there ---------------------------------------------------------------------------

    def open_model(
        self, what, name, modes, domain, context, depth, views=None, res_id=None, is_core=False
    ):
        """Open the views of an action.

        :param is_core: nothing of ours leads there; what core's own fields raise is not ours.
        """
        key = (name, tuple(modes), str(domain), str(sorted((views or {}).items())), res_id)
        if key in self.done:
            return
        self.done.add(key)
        model = self.env[name].with_context(**context)
        wanted = [((views or {}).get(mode) or False, mode) for mode in [*modes, "search"]]
        answer = self.attempt("views", what, lambda: model.get_views(wanted))
        if not answer:
            return
        archs = {mode: etree.fromstring(view["arch"]) for mode, view in answer["views"].items()}
        ids = [res_id] if res_id else []
        for mode in modes:
            if mode in ("list", "kanban"):
                spec = self.get_spec(archs[mode], name)
                rows = self.attempt(
                    mode,
                    what,
                    lambda s=spec: model.web_search_read(domain, s, limit=PAGE),
                    core=is_core
                    and partial(
                        model.web_search_read, domain, self.get_core(spec, name), limit=PAGE
                    ),
                )
                ids = ids or [row["id"] for row in (rows or {"records": []})["records"]]
            elif mode in ("graph", "pivot"):
                groups, sums = self.get_groups(archs[mode], name)
                self.attempt(
                    mode,
                    what,
                    lambda g=groups, s=sums: model.formatted_read_group(domain, g[:2], s),
                )
        if name not in self.done:
            self.done.add(name)
            self.try_filters(what, model, archs["search"], domain)
        if "form" in archs:
            self.open_forms(what, model, archs["form"], ids[:RECORDS], depth, is_core)

    def open_forms(self, what, model, arch, ids, depth, is_core):
        spec = self.get_spec(arch, model._name)
        core = self.get_core(spec, model._name)
        for record_id in ids:
            record = model.browse(record_id)
            rows = self.attempt(
                "form",
                f"{what} {record}",
                partial(record.web_read, spec),
                core=is_core and partial(record.web_read, core),
            )
            if rows:
                self.press_buttons(what, record, arch, rows[0], depth)
        if model.has_access("create") and arch.get("create", "1") not in ("0", "False", "false"):
            self.attempt("new", what, lambda: model.onchange({}, [], spec))

    def press_buttons(self, what, record, arch, values, depth):
        for button in arch.iter("button"):
            name = button.get("name")
            key = (record, name)
            if (
                depth == DEPTH
                or key in self.done
                or not self.is_ours(button, record)
                or not self.is_visible(button, record, values)
            ):
                continue
            self.done.add(key)
            self.counts["button"] += 1
            context = {
                "active_model": record._name,
                "active_id": record.id,
                "active_ids": record.ids,
            }
            if button.get("type") == "object":
                load = getattr(record.with_context(**context), name)
            else:
                load = self.load(self.get_action(name))
            self.open_action(f"{what} ‣ {record} ‣ {name}", load, depth + 1, context)

    def get_action(self, name):
        if not name.isdigit():
            return self.su_env.ref(name)
        action = self.su_env["ir.actions.actions"].browse(int(name))
        return self.su_env[action.type].browse(action.id)

    def is_ours(self, button, record):
        if any(parent.tag in ("list", "kanban") for parent in button.iterancestors()):
            return False
        if button.get("type") == "action":
            xmlid = self.get_action(button.get("name")).get_external_id().popitem()[1]
            return xmlid.split(".")[0] in self.ours
        if button.get("type") == "object":
            return getattr(type(record), button.get("name")).__module__.split(".")[2] in self.ours
        return False

    def is_visible(self, node, record, values):
        names = {name: value for name, value in values.items() if name in record._fields}
        for name, value in names.items():
            if record._fields[name].type == "many2one" and isinstance(value, dict):
                names[name] = value["id"]
        names |= {**self.get_names(), "context": dict(record.env.context)}
        return not any(
            safe_eval(parent.get("invisible"), dict(names))
            for parent in (node, *node.iterancestors())
            if parent.get("invisible")
        )

    def try_filters(self, what, model, arch, domain):
        for node in arch.iter("filter"):
            if node.get("domain"):
                names = {**self.get_names(), "context": dict(model.env.context)}
                found = safe_eval(node.get("domain"), names)
                self.attempt(
                    "filter",
                    f"{what} ‣ {node.get('name')}",
                    lambda f=found: model.search_count([*domain, *f], limit=1),
                )

    def get_spec(self, arch, name):
        """What the web client reads for a view: its fields, and those of the views in it."""
        spec = {}
        model = self.env[name]
        for node in arch.iter("field"):
            field = model._fields.get(node.get("name"))
            if field is None or self.is_in_another_field(node, arch):
                continue
            if field.type == "many2one":
                spec[field.name] = {"fields": {"display_name": {}}}
            elif field.type in MANY:
                shown = [child for child in node if child.tag in ("list", "kanban")]
                if shown:
                    spec[field.name] = {"fields": self.get_spec(shown[0], field.comodel_name)}
                elif "tags" in (node.get("widget") or ""):
                    spec[field.name] = {"fields": {"display_name": {}}}
                else:
                    spec[field.name] = {}
            else:
                spec[field.name] = {}
        return spec

    def get_core(self, spec, name):
        """The same without what our addons put there."""
        fields = self.env[name]._fields
        return {
            field: {**inside, "fields": self.get_core(inside["fields"], fields[field].comodel_name)}
            if "fields" in inside
            else inside
            for field, inside in spec.items()
            if not set(fields[field]._modules) <= self.ours
        }

    def is_in_another_field(self, node, arch):
        for parent in node.iterancestors():
            if parent is arch:
                return False
            if parent.tag == "field":
                return True
        return False

    def get_groups(self, arch, name):
        groups, sums = [], ["__count"]
        for node in arch.iter("field"):
            field = self.env[name]._fields[node.get("name")]
            if node.get("type") == "measure":
                sums.append(f"{field.name}:{field.aggregator}")
            else:
                interval = node.get("interval", "month")
                dated = field.type in ("date", "datetime")
                groups.append(f"{field.name}:{interval}" if dated else field.name)
        return groups, sums


def look(env):
    """Walk as everybody; nothing of it stays."""
    env.cr.commit = env.cr.flush
    ours = get_ours(env)
    roles = create_users(env)
    users = [user for role, user in roles.items() if role not in OUTSIDE]
    users += [env["res.users"].search([("login", "=", login)]) for login in PEOPLE]
    counts, failures = Counter(), []
    for user in users:
        visitor = Visitor(env, user, ours)
        visitor.walk()
        counts.update(visitor.counts)
        failures += visitor.failures
    found = {
        "counts": counts,
        "failures": failures,
        "callers": get_callers(env, roles, ours),
        "routes": get_routes(env, ours),
    }
    print(f"@@@{json.dumps(found)}@@@")
