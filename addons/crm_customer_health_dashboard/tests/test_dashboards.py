import json
from ast import literal_eval

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open

from odoo.addons.crm_customer_health.tests.common import HealthCommon
from odoo.addons.spreadsheet.utils.validate_data import (
    fields_in_spreadsheet,
    menus_xml_ids_in_spreadsheet,
    odoo_charts,
    odoo_view_links,
)

VIEWS = {"list", "kanban", "pivot", "graph", "form", "calendar", "activity"}
#: Somebody for whom each dashboard is.
READERS = {
    "spreadsheet_dashboard_management": "sales_team.group_sale_manager",
    "spreadsheet_dashboard_sales_team": "sales_team.group_sale_salesman_all_leads",
    "spreadsheet_dashboard_sales_mine": "sales_team.group_sale_salesman",
    "spreadsheet_dashboard_finance": "account.group_account_invoice",
}


@tagged("post_install", "-at_install")
@freeze_time("2024-03-01 12:00:00")
class TestDashboards(HealthCommon):
    """What the engine of spreadsheets does not check by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboards = {
            name: cls.env.ref(f"crm_customer_health_dashboard.{name}") for name in READERS
        }
        cls.readers = {
            name: new_test_user(
                cls.env, f"reader_of_{name}", group, company_id=cls.company.id, tz="UTC"
            )
            for name, group in READERS.items()
        }

    def _get_contents(self):
        for name, dashboard in self.dashboards.items():
            yield name, json.loads(dashboard.spreadsheet_data)
            with file_open(dashboard.sample_dashboard_file_path) as file:
                yield f"{name} (sample)", json.load(file)

    def _get_sources(self, content):
        """Model, domain, matching and measures of everything that reads data."""
        for source in (*content["pivots"].values(), *content["lists"].values()):
            measures = [measure["fieldName"] for measure in source.get("measures", ())]
            yield source["model"], source["domain"], source["fieldMatching"], measures
        for chart in odoo_charts(content):
            meta = chart["metaData"]
            domain = chart["searchParams"]["domain"]
            yield meta["resModel"], domain, chart["fieldMatching"], [meta["measure"]]

    def test_fields_and_menus_exist(self):
        for name, content in self._get_contents():
            with self.subTest(name):
                for model, names in fields_in_spreadsheet(content).items():
                    for path in names:
                        self._resolve(model, path)
                for menu in menus_xml_ids_in_spreadsheet(content):
                    self.assertTrue(self.env.ref(menu).action, menu)

    def _resolve(self, model, path):
        field = None
        for part in path.split("."):
            self.assertIn(part, self.env[model]._fields, (model, path))
            field = self.env[model]._fields[part]
            model = field.comodel_name
        return field

    def test_filters_reach_what_they_filter(self):
        """A chain that ends elsewhere filters nothing, and nobody notices."""
        for name, content in self._get_contents():
            filters = {item["id"]: item for item in content["globalFilters"]}
            for model, _domain, matching, _measures in self._get_sources(content):
                with self.subTest(name, model=model):
                    for filter_id, match in matching.items():
                        field = self._resolve(model, match["chain"])
                        if filters[filter_id]["type"] == "date":
                            self.assertEqual(field.type, match["type"])
                        else:
                            self.assertEqual(field.comodel_name, filters[filter_id]["modelName"])

    def test_formulas_point_to_what_exists(self):
        for name, content in self._get_contents():
            with self.subTest(name):
                texts = [text for sheet in content["sheets"] for text in sheet["cells"].values()]
                self.assertTrue(texts)
                for kind, known in (("PIVOT", "pivots"), ("ODOO.LIST", "lists")):
                    for text in texts:
                        for function in (f"={kind}(", f"={kind}.VALUE(", f"={kind}.HEADER("):
                            if text.startswith(function):
                                number = text.removeprefix(function).split(",")[0]
                                self.assertIn(number, content[known], text)
                shown = [text for text in texts if not text.startswith(("=", "["))]
                self.assertFalse(
                    [text for text in shown if not text.isdigit() and len(text) > 1],
                    "plain texts are not translated",
                )

    def test_figures_do_not_cover_each_other(self):
        for name, content in self._get_contents():
            sheet = content["sheets"][0]
            lefts, left = [], 0
            for number in range(sheet["colNumber"]):
                lefts.append(left)
                left += sheet["cols"][str(number)]["size"]
            boxes = []
            for figure in sheet["figures"]:
                x = lefts[figure["col"]] + figure["offset"]["x"]
                y = figure["row"] * 23 + figure["offset"]["y"]
                boxes.append((x, y, x + figure["width"], y + figure["height"]))
            with self.subTest(name):
                self.assertLessEqual(max(box[2] for box in boxes), left)
                for number, one in enumerate(boxes):
                    for two in boxes[:number]:
                        self.assertTrue(
                            one[2] <= two[0]
                            or two[2] <= one[0]
                            or one[3] <= two[1]
                            or two[3] <= one[1],
                            (one, two),
                        )

    def test_links_open_known_views(self):
        for name, content in self._get_contents():
            with self.subTest(name):
                for link in odoo_view_links(content):
                    views = {view for _id, view in link["action"]["views"]}
                    self.assertLessEqual(views, VIEWS | {"search"})
                    self.assertIn(link["viewType"], views)

    def test_readers_can_read_everything(self):
        """All data are read with the rights of whoever looks."""
        for name, content in self._get_contents():
            user = self.readers[name.split(" ")[0]]
            for model, domain, _matching, measures in self._get_sources(content):
                with self.subTest(name, model=model):
                    records = self.env[model].with_user(user)
                    aggregates = [
                        measure
                        if measure == "__count"
                        else f"{measure}:{records._fields[measure].aggregator}"
                        for measure in measures
                    ]
                    records.formatted_read_group(domain, [], aggregates)
                    records.search(domain, limit=1)

    def test_samples_are_no_money(self):
        """Somebody who sees one cannot take it for figures of the company."""
        for name, content in self._get_contents():
            if not name.endswith("(sample)"):
                continue
            with self.subTest(name):
                self.assertFalse(content["pivots"] or content["lists"])
                values = [
                    text
                    for key, text in content["sheets"][1]["cells"].items()
                    if key.startswith("B") and key != "B1"
                ]
                self.assertEqual(set(values), {'=_t("Sample")'})

    def test_cards_are_the_figures_of_the_models(self):
        self._invoice(700.0, invoice_date_due="2024-02-01")
        self._refresh()
        content = json.loads(self.dashboards["spreadsheet_dashboard_finance"].spreadsheet_data)
        labels = {
            literal_eval(text.removeprefix("=_t(").removesuffix(")")): f"B{key[1:]}"
            for key, text in content["sheets"][1]["cells"].items()
            if key.startswith("A") and key != "A1"
        }
        user = self.readers["spreadsheet_dashboard_finance"]
        rows = self.env["crm.customer.health"].with_user(user).search([])
        for label, field in (("Overdue", "overdue_amount"), ("Open", "open_amount")):
            formula = content["sheets"][1]["cells"][labels[label]]
            pivot, measure = literal_eval(f"({formula.removeprefix('=PIVOT.VALUE(')[:-1]})")
            source = content["pivots"][str(pivot)]
            [group] = (
                self.env[source["model"]]
                .with_user(user)
                .formatted_read_group(source["domain"], [], [f"{measure}:sum"])
            )
            self.assertTrue(group[f"{measure}:sum"])
            self.assertEqual(group[f"{measure}:sum"], sum(rows.mapped(field)), label)

    def test_copies_are_shared_by_finance_only(self):
        """A shared copy is open to anybody who has its address."""
        values = {
            "dashboard_id": self.dashboards["spreadsheet_dashboard_sales_mine"].id,
            "spreadsheet_data": "{}",
        }
        shares = self.env["spreadsheet.dashboard.share"]
        seller = self.readers["spreadsheet_dashboard_management"]
        with self.assertRaises(AccessError):
            shares.with_user(seller).action_get_share_url(dict(values))
        dashboards_sudo = self.env["spreadsheet.dashboard"].sudo()
        other = dashboards_sudo.create(
            {
                "name": "Something else",
                "dashboard_group_id": self.dashboards[
                    "spreadsheet_dashboard_finance"
                ].dashboard_group_id.id,
            }
        )
        share = shares.with_user(seller).create({**values, "dashboard_id": other.id})
        with self.assertRaises(AccessError):
            share.dashboard_id = values["dashboard_id"]
        finance = self.readers["spreadsheet_dashboard_finance"]
        values["dashboard_id"] = self.dashboards["spreadsheet_dashboard_finance"].id
        self.assertTrue(shares.with_user(finance).action_get_share_url(values))

    def test_who_sees_which(self):
        for name, dashboard in self.dashboards.items():
            for other, user in self.readers.items():
                if other == name:
                    self.assertTrue(dashboard.with_user(user).has_access("read"), name)
        seller = self.readers["spreadsheet_dashboard_sales_mine"]
        for name in ("spreadsheet_dashboard_management", "spreadsheet_dashboard_finance"):
            self.assertFalse(self.dashboards[name].with_user(seller).has_access("read"), name)
