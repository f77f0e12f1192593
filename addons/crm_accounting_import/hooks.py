from odoo.exceptions import UserError


def pre_init_hook(env):
    """Take over nothing that is a part of another addon until that one is upgraded."""
    if env.ref("crm_accounting_bridge.model_accounting_import", raise_if_not_found=False):
        raise UserError(
            env._(
                "The import is a part of CRM Accounting Bridge until that is upgraded: upgrade it"
                " instead. This addon is installed with it."
            )
        )
