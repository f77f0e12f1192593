import { statusMeanings } from "@account_receivable_settlement/views/status_graph/status_graph_view";

statusMeanings.add("billing_status", {
    none: "unknown",
    partially_paid: "watch",
    overdue: "bad",
    paid: "good",
});
