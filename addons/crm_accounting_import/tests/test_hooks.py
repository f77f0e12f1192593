from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from ..hooks import pre_init_hook


@tagged("post_install", "-at_install")
class TestHooks(TransactionCase):
    """Where the import is still a part of CRM Accounting Bridge, that has to be upgraded."""

    def test_installation(self):
        pre_init_hook(self.env)

    def test_bridge_is_not_upgraded_yet(self):
        self.env["ir.model.data"].create(
            {
                "module": "crm_accounting_bridge",
                "name": "model_accounting_import",
                "model": "ir.model",
                "res_id": self.env["ir.model"]._get_id("accounting.import"),
            }
        )
        with self.assertRaisesRegex(UserError, "upgrade it"):
            pre_init_hook(self.env)
