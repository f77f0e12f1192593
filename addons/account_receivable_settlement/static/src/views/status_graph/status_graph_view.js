import { registry } from "@web/core/registry";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";

/** A colour means the same in graphs and in badges. */
const COLORS = {
    good: "#28a745",
    watch: "#ffac00",
    bad: "#d44c59",
    unknown: "#adb5bd",
};
/** Of values that are neither good nor bad: none of them looks like one that is. */
const NEUTRAL_COLORS = ["#4ea7f2", "#875a7b", "#5b899e", "#a76dbc", "#8c6d46", "#3c5a99"];

/** What values of selection fields mean: ``{value: meaning}`` by the name of the field, with that of
 * its model where other models have another field of that name.
 */
export const statusMeanings = registry.category("receivable_status_meanings");

statusMeanings.add("account.receivable.settlement.kind", {
    payment: "good",
    discount: "watch",
    write_off: "bad",
    cleared: "unknown",
});

/** A graph whose bars and slices are of a status have its colours. */
export class StatusGraphRenderer extends GraphRenderer {
    /** The colours of these labels, which are values of a field; none if they mean nothing. */
    getStatusColors(labels, fieldName) {
        const { fields, resModel } = this.model.metaData;
        const key = [`${resModel}.${fieldName}`, fieldName].find((name) =>
            statusMeanings.contains(name)
        );
        if (!key) {
            return null;
        }
        const meanings = statusMeanings.get(key);
        const values = fields[fieldName].selection || [];
        const valueByLabel = Object.fromEntries(values.map(([value, label]) => [label, value]));
        let neutral = 0;
        return labels.map(
            (label) =>
                COLORS[meanings[valueByLabel[label]]] ||
                NEUTRAL_COLORS[neutral++ % NEUTRAL_COLORS.length]
        );
    }

    getBarChartData() {
        const data = super.getBarChartData();
        const { groupBy } = this.model.metaData;
        if (groupBy.length === 2) {
            const datasets = this.model.data.datasets;
            const labels = datasets.map((dataset) => dataset.label);
            const colors = this.getStatusColors(labels, groupBy[1].fieldName);
            colors?.forEach((color, index) => {
                datasets[index].backgroundColor = color;
            });
        }
        return data;
    }

    getPieChartData() {
        const data = super.getPieChartData();
        const { groupBy } = this.model.metaData;
        const colors =
            groupBy.length === 1 && this.getStatusColors(data.labels, groupBy[0].fieldName);
        if (colors) {
            for (const dataset of data.datasets) {
                dataset.backgroundColor = colors;
                dataset.hoverBackgroundColor = colors;
            }
        }
        return data;
    }

    /** Both axes say what they are: core draws no title. */
    getScaleOptions() {
        const scales = super.getScaleOptions();
        if (scales.x) {
            const { fields, groupBy } = this.model.metaData;
            const color = scales.x.ticks.color;
            scales.y.title = { ...scales.y.title, color, display: true };
            scales.x.title = {
                color,
                display: groupBy.length > 0,
                text: groupBy.length ? fields[groupBy[0].fieldName].string : "",
            };
        }
        return scales;
    }

    getLegendOptions() {
        const options = super.getLegendOptions();
        if (this.model.metaData.mode === "pie") {
            const { generateLabels } = options.labels;
            options.labels.generateLabels = (chart) =>
                generateLabels(chart).map((label, index) => ({
                    ...label,
                    fillStyle: chart.data.datasets[0].backgroundColor[index],
                }));
        }
        return options;
    }
}

registry.category("views").add("receivable_status_graph", {
    ...graphView,
    Renderer: StatusGraphRenderer,
});
