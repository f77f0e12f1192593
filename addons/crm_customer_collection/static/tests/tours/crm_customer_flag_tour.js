import { registry } from "@web/core/registry";
import { openSalesMenu } from "@crm_customer_health/../tests/tours/crm_menu_steps";

registry.category("web_tour.tours").add("crm_customer_flag_tour", {
    url: "/odoo",
    steps: () => [
        ...openSalesMenu("Flagged Customers", "crm_customer_collection.crm_customer_flag_menu_crm"),
        {
            content: "The late customer is flagged; open it",
            trigger: ".o_list_view .o_data_row:contains(Tour Late) td[name=overdue_now]",
            run: "click",
        },
        {
            content: "The activity is on the customer's diagnosis",
            trigger: ".o_form_view .o-mail-Activity:contains(Overdue)",
        },
        {
            content: "It is flagged; record a promise",
            trigger: ".o_form_view:has([name=health_strip] .text-bg-info) button[name=action_record_promise]",
            run: "click",
        },
        {
            content: "The overdue amount is proposed",
            trigger: ".modal .o_field_widget[name=amount] input:value('1,000.00')",
        },
        {
            content: "The customer promised less",
            trigger: ".modal .o_field_widget[name=amount] input",
            run: "edit 600",
        },
        {
            content: "By when",
            trigger: ".modal .o_field_widget[name=date] input",
            run: "edit +30d",
        },
        {
            content: "Record it",
            trigger: ".modal button[name=action_record]",
            run: "click",
        },
        {
            content: "The promise is running",
            trigger: ".o_form_view:not(:has(.modal)) [name=health_strip] .text-bg-success",
        },
        {
            content: "Look at promises",
            trigger: ".o_notebook a[name=acting]",
            run: "click",
        },
        {
            content: "It is in the log",
            trigger: ".o_field_widget[name=promise_ids] .o_data_row td[name=amount]:contains(600.00)",
        },
    ],
});
