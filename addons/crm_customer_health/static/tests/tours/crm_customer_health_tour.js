import { registry } from "@web/core/registry";
import { openSalesMenu } from "./crm_menu_steps";

registry.category("web_tour.tours").add("crm_customer_health_tour", {
    url: "/odoo",
    steps: () => [
        ...openSalesMenu("Customer Health", "crm_customer_health.crm_customer_health_menu_crm"),
        {
            content: "The late customer and the prompt one are listed",
            trigger: ".o_list_view:has(.o_data_row:contains(Tour Late)):has(.o_data_row:contains(Tour Prompt))",
        },
        {
            content: "Open the filters",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            content: "Only who is overdue",
            trigger: ".o_filter_menu .o_menu_item:contains(/^Overdue$/)",
            run: "click",
        },
        {
            content: "The prompt customer is gone; open the late one",
            trigger:
                ".o_list_view:not(:has(.o_data_row:contains(Tour Prompt))) .o_data_row:contains(Tour Late) td[name=partner_id]",
            run: "click",
        },
        {
            content: "The diagnosis says why",
            trigger: ".o_form_view .o_field_widget[name=health_reasons]:contains(is overdue)",
        },
        {
            content: "What is open is shown by age",
            trigger: ".o_form_view .o_field_widget[name=ageing_graph] canvas",
        },
        {
            content: "A salesperson gets no button to the ledger",
            trigger: ".o_form_view:not(:has(button[name=action_view_open_items]))",
        },
        {
            content: "Look at the purchases",
            trigger: ".o_notebook a[name=purchases]",
            run: "click",
        },
        {
            content: "Purchases are shown",
            trigger: ".o_form_view .o_field_widget[name=revenue_12m]:visible",
        },
        {
            content: "Back to the list",
            trigger: ".o_back_button, .breadcrumb-item a",
            run: "click",
        },
        {
            trigger: ".o_list_view",
        },
    ],
});
