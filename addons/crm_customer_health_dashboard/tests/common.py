import json

from odoo.tests import new_test_user
from odoo.tools import file_open

from odoo.addons.crm_customer_health.tests.common import HealthCommon
from odoo.addons.spreadsheet.utils.validate_data import (
    fields_in_spreadsheet,
    menus_xml_ids_in_spreadsheet,
    odoo_charts,
    odoo_view_links,
)

VIEWS = {"list", "kanban", "pivot", "graph", "form", "calendar", "activity"}


class DashboardCase(HealthCommon):
    """What the engine of spreadsheets does not check by itself, of the dashboards of an addon."""

    # Odoo runs the tests that a class has of its parents only where it says so.
    allow_inherited_tests_method = True

    #: Dashboards, and the groups that each is for.
    readers: dict = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboards = {name: cls.env.ref(name) for name in cls.readers}
        cls.users = {
            name: [
                new_test_user(
                    cls.env,
                    f"reader_{number}_of_{name}",
                    group,
                    company_id=cls.company.id,
                    tz="UTC",
                )
                for number, group in enumerate(groups)
            ]
            for name, groups in cls.readers.items()
        }

    def _get_contents(self):
        for name, dashboard in self.dashboards.items():
            yield name, json.loads(dashboard.spreadsheet_data)
            with file_open(dashboard.sample_dashboard_file_path) as file:
                yield f"{name} (sample)", json.load(file)

    def _get_sources(self, content):
        """Model, domain, matching and measures of everything that reads data."""
        for source in (*content["pivots"].values(), *content["lists"].values()):
            measures = [
                (measure["fieldName"], measure.get("aggregator"))
                for measure in source.get("measures", ())
            ]
            yield source["model"], source["domain"], source["fieldMatching"], measures
        for chart in odoo_charts(content):
            meta = chart["metaData"]
            domain = chart["searchParams"]["domain"]
            yield meta["resModel"], domain, chart["fieldMatching"], [(meta["measure"], None)]

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
            for user in self.users[name.split(" ")[0]]:
                for model, domain, _matching, measures in self._get_sources(content):
                    with self.subTest(name, model=model, user=user.login):
                        records = self.env[model].with_user(user)
                        aggregates = [
                            measure
                            if measure == "__count"
                            else f"{measure}:{aggregator or records._fields[measure].aggregator}"
                            for measure, aggregator in measures
                        ]
                        records.formatted_read_group(domain, [], aggregates)
                        records.search(domain, limit=1)

    def test_lists_can_be_read(self):
        for name, content in self._get_contents():
            for user in self.users[name.split(" ")[0]]:
                for source in content["lists"].values():
                    records = self.env[source["model"]].with_user(user)
                    order = ", ".join(item["name"] for item in source["orderBy"])
                    rows = records.search_read(
                        source["domain"], source["columns"], limit=1, order=order
                    )
                    self.assertLessEqual(len(rows), 1)

    def test_currencies_are_converted(self):
        """A pivot adds up amounts of companies in the currency of who looks."""
        for name, content in self._get_contents():
            for source in content["pivots"].values():
                model = self.env[source["model"]]
                for measure in source["measures"]:
                    field = model._fields.get(measure["fieldName"])
                    own = field and field.type == "monetary" and field.get_currency_field(model)
                    # The funnel's rows are converted already.
                    is_mixed = bool(own) and model._fields[own].related == "company_id.currency_id"
                    with self.subTest(name, model=model._name, measure=measure["fieldName"]):
                        self.assertEqual(measure.get("aggregator") == "sum_currency", is_mixed)

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

    def test_who_sees_which(self):
        outsider = new_test_user(
            self.env, "outsider", "base.group_user", company_id=self.company.id
        )
        for name, dashboard in self.dashboards.items():
            for user in self.users[name]:
                self.assertTrue(dashboard.with_user(user).has_access("read"), (name, user.login))
            self.assertFalse(dashboard.with_user(outsider).has_access("read"), name)
