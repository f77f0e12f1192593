from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_customer_health.tests.overdue_common import OverdueCommon


@tagged("post_install", "-at_install")
class TestStatementAccess(OverdueCommon):
    def test_the_statement_is_for_who_sees_the_customer(self):
        self._overdue(1000.0)
        self._refresh()
        row = self.customer.sudo()._get_health_of_companies(self.company)
        for groups, is_seeing in (
            ("sales_team.group_sale_salesman", False),
            ("sales_team.group_sale_salesman_all_leads", True),
            ("account.group_account_readonly", True),
            ("base.group_user", False),
        ):
            user = self._create_user(f"statement {groups}", groups)
            with self.subTest(groups):
                if is_seeing:
                    self.assertTrue(self.customer.with_user(user).action_print_statement())
                    self.assertTrue(row.with_user(user).action_send_statement())
                    continue
                with self.assertRaises(AccessError):
                    self.customer.with_user(user).action_print_statement()
                with self.assertRaises(AccessError):
                    row.with_user(user).action_send_statement()

    def test_sellers_see_that_of_their_own_customers(self):
        self._overdue(1000.0)
        self._refresh()
        row = self.customer.sudo()._get_health_of_companies(self.company).with_user(self.seller)
        self.assertEqual(self.customer.user_id, self.seller)
        self.assertTrue(row.action_send_statement())
        statements = self.env["account.receivable.statement"].with_user(self.seller)
        [statement] = statements._get_statements(row.partner_id, self.company)
        self.assertEqual(statement.sections[0].open_amount, 1000.0)
