from freezegun import freeze_time

from odoo.tests import HttpCase, new_test_user, tagged

from .test_statement import StatementCommon


@tagged("post_install", "-at_install")
class TestStatementPortal(StatementCommon, HttpCase):
    """What people of a customer see of their own company's account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.is_company = True
        cls.rival = cls.env["res.partner"].create({"name": "Rival", "is_company": True})
        cls.boss = cls._create_visitor("portal-boss", cls.partner)
        cls.clerk = cls._create_visitor("portal-clerk", cls.partner)
        cls.stranger = cls._create_visitor("portal-stranger", cls.rival)
        with freeze_time("2024-02-20 12:00"):
            cls.invoice = cls._invoice(
                partner_id=cls.boss.partner_id.id, invoice_payment_term_id=cls.terms.id
            )
            cls._pay(cls.invoice, 200.0, date="2024-02-01")

    @classmethod
    def _create_visitor(cls, login, company):
        user = new_test_user(cls.env, login, "base.group_portal", password=login)
        user.partner_id.parent_id = company
        return user

    def _open(self, login, path="/my/statement"):
        self.authenticate(login, login)
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200)
        return response.text

    def test_colleagues_see_the_company_by_instalment(self):
        for login in ("portal-boss", "portal-clerk"):
            page = self._open(login)
            self.assertIn(self.invoice.name, page)
            for amount in ("300.00", "100.00", "700.00", "800.00", "200.00"):
                self.assertIn(amount, page)

    def test_nobody_else_sees_it(self):
        hostile = (
            f"?partner_id={self.partner.id}&partner_ids={self.partner.id}"
            f"&company_id={self.company.id}&commercial_partner_id={self.partner.id}"
            "&uid=1&access_token=x&lang=%00&page=-1&context={'allowed_company_ids':[1]}"
        )
        for path in ("/my/statement", f"/my/statement{hostile}"):
            page = self._open("portal-stranger", path)
            self.assertNotIn(self.invoice.name, page)
            self.assertIn("Nothing is open", page)

    def test_not_without_login(self):
        response = self.url_open("/my/statement")
        self.assertIn("/web/login", response.url)
        self.assertNotIn(self.invoice.name, response.text)

    def test_colleague_opens_the_invoice(self):
        page = self._open("portal-clerk")
        start = page.index(f"/my/invoices/{self.invoice.id}")
        link = page[start : page.index('"', start)].replace("&amp;", "&")
        self.assertIn(self.invoice.name, self._open("portal-clerk", link))

    def test_counted_on_the_home_page(self):
        counts = {}
        for login in ("portal-clerk", "portal-stranger"):
            self.authenticate(login, login)
            answer = self.make_jsonrpc_request("/my/counters", {"counters": ["statement_count"]})
            counts[login] = answer.get("statement_count", 0)
        self.assertEqual(counts, {"portal-clerk": 2, "portal-stranger": 0})
        self.assertIn("Your Statement", self._open("portal-clerk", "/my"))

    def test_people_who_work_here(self):
        """Whoever is no customer has nothing there."""
        new_test_user(self.env, "portal-staff", "base.group_user", password="portal-staff")
        self.assertIn("Nothing is open", self._open("portal-staff"))
