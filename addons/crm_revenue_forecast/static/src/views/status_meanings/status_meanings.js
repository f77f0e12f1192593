import { statusMeanings } from "@account_receivable_settlement/views/status_graph/status_graph_view";

statusMeanings.add("layer", {
    overdue: "bad",
    disputed: "unknown",
    unmatched: "good",
});
