import { registry } from "@web/core/registry";
import { GraphModel } from "@web/views/graph/graph_model";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";
import { PivotModel } from "@web/views/pivot/pivot_model";
import { PivotRenderer } from "@web/views/pivot/pivot_renderer";
import { pivotView } from "@web/views/pivot/pivot_view";

// Rows are pairs of an opportunity and a phase: their number says nothing to anybody.

class BillingFunnelGraphModel extends GraphModel {
    _buildMetaData() {
        const metaData = super._buildMetaData(...arguments);
        delete metaData.measures.__count;
        return metaData;
    }
}

class BillingFunnelPivotModel extends PivotModel {
    _loadData(config) {
        delete config.metaData.measures.__count;
        return super._loadData(...arguments);
    }

    /** Where the server has no figure, for example for all phases together, show none. */
    _getMeasurements() {
        const measurements = super._getMeasurements(...arguments);
        for (const [name, value] of Object.entries(measurements)) {
            if (value === false) {
                measurements[name] = undefined;
            }
        }
        return measurements;
    }
}

/** Open the opportunities behind a bar or cell. */
const OpensOpportunities = (Renderer) =>
    class extends Renderer {
        async openView(domain, views, context, newWindow) {
            const action = await this.model.orm.call(
                this.model.metaData.resModel,
                "action_view_leads",
                [domain]
            );
            this.actionService.doAction(action, { newWindow });
        }
    };

registry.category("views").add("billing_funnel_graph", {
    ...graphView,
    Model: BillingFunnelGraphModel,
    Renderer: OpensOpportunities(GraphRenderer),
});

registry.category("views").add("billing_funnel_pivot", {
    ...pivotView,
    Model: BillingFunnelPivotModel,
    Renderer: OpensOpportunities(PivotRenderer),
});
