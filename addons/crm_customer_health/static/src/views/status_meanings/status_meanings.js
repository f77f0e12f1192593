import { statusMeanings } from "@account_receivable_settlement/views/status_graph/status_graph_view";

for (const name of ["health_status", "old_status", "new_status"]) {
    statusMeanings.add(name, {
        healthy: "good",
        watch: "watch",
        at_risk: "bad",
        unknown: "unknown",
    });
}
statusMeanings.add("payment_risk", {
    low: "good",
    medium: "watch",
    high: "bad",
    unknown: "unknown",
});
