import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("crm_customer_health_tour", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the CRM app",
            trigger: ".o_app[data-menu-xmlid='crm.crm_menu_root']",
            run: "click",
        },
        {
            content: "Open the menu Sales",
            trigger: ".o_menu_sections [data-menu-xmlid='crm.crm_menu_sales']",
            run: "click",
        },
        {
            content: "Open Customer Health",
            trigger: "[data-menu-xmlid='crm_customer_health.crm_customer_health_menu_crm']",
            run: "click",
        },
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
