import { statusMeanings } from "@account_receivable_settlement/views/status_graph/status_graph_view";

statusMeanings.add("crm.customer.purchase.state", {
    new: "good",
    growing: "good",
    falling: "watch",
    lapsed: "bad",
    single: "unknown",
});

statusMeanings.add("crm.customer.list.effect.row.side", {
    targeted: "good",
    rest: "unknown",
    elsewhere: "unknown",
});
