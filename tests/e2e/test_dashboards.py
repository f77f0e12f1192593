"""Each dashboard of ours in a browser, as everybody who has it: no cell, no chart is an error."""

import pytest

from environment.command_run import LOGINS

#: Text is painted, not written: what the engine knows is asked.
READ = """
async ([id]) => {
    const loader = odoo.__WOWL_DEBUG__.root.env.services["spreadsheet_dashboard_loader"];
    loader.activateDashboard(id);
    const until = Date.now() + 20000;
    const wait = () => new Promise((resolve) => setTimeout(resolve, 200));
    while (!loader.getActiveDashboard()?.model && Date.now() < until) await wait();
    const { model, status, error } = loader.getActiveDashboard();
    if (!model) return { status, error: String(error) };
    const read = () => {
        const cells = {};
        for (const sheetId of model.getters.getSheetIds()) {
            const name = model.getters.getSheetName(sheetId);
            for (const [position, cell] of Object.entries(
                model.getters.getEvaluatedCells(sheetId)
            )) {
                cells[`${name} ${position}`] = {
                    type: cell.type, value: String(cell.value), message: cell.message || "",
                };
            }
        }
        return cells;
    };
    let cells = read();
    while (
        Object.values(cells).some((cell) => cell.value.includes("Loading")) && Date.now() < until
    ) {
        await wait();
        cells = read();
    }
    const charts = model.getters.getSheetIds().flatMap((sheetId) =>
        model.getters.getChartIds(sheetId).map((chartId) => {
            const runtime = model.getters.getChartRuntime(chartId);
            return runtime.chartJsConfig
                ? runtime.chartJsConfig.data.datasets.length
                : runtime.keyValue;
        })
    );
    return { cells, charts, isSample: Boolean(loader.getActiveDashboard().isSample) };
}
"""


@pytest.mark.parametrize(("login", "password"), [login[:2] for login in LOGINS])
def test_no_cell_is_an_error(odoo, visit, login, password):
    dashboards = odoo.api(login).search_read(
        "spreadsheet.dashboard", [("has_customer_amounts", "=", True)], "name"
    )
    visitor = visit(login, password)
    visitor.open("/odoo/dashboards")
    for dashboard in dashboards:
        seen = visitor.page.evaluate(READ, [dashboard["id"]])
        assert seen.get("cells"), (dashboard, seen)
        wrong = {
            place: cell
            for place, cell in seen["cells"].items()
            if cell["type"] == "error" or cell["value"].startswith("#")
        }
        assert not wrong, (dashboard["name"], wrong)
        assert seen["charts"], dashboard["name"]
        assert all(shown is not None for shown in seen["charts"]), (dashboard["name"], seen)
    assert not visitor.problems, visitor.problems
