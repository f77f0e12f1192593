from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_print_statement(self):
        """Print the statements of these customers, of the companies at hand.

        :raises AccessError: who may not see what they owe.
        """
        self.env["account.receivable.statement"]._check_statement_access(self)
        report = self.env.ref("account_receivable_statement.action_report_statement")
        return report.report_action(self.commercial_partner_id, config=False)

    def action_send_statement(self):
        """Write an e-mail with the customer's statement attached.

        :raises AccessError: who may not see what the customer owes.
        """
        self.ensure_one()
        self.env["account.receivable.statement"]._check_statement_access(self)
        template = self.env.ref("account_receivable_statement.mail_template_statement")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Statement"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_model": "res.partner",
                "default_res_ids": self.ids,
                "default_template_id": template.id,
                "default_composition_mode": "comment",
                "default_email_layout_xmlid": "mail.mail_notification_light",
            },
        }
