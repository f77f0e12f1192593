import { registry } from "@web/core/registry";
import { openSalesMenu } from "@crm_customer_health/../tests/tours/crm_menu_steps";

registry.category("web_tour.tours").add("crm_customer_calling_tour", {
    url: "/odoo",
    steps: () => [
        ...openSalesMenu(
            "To Call Today",
            "crm_customer_collection.crm_customer_flag_calling_menu_crm"
        ),
        {
            content: "The late customer is to be called, at a number that calls",
            trigger:
                ".o_list_view .o_data_row:contains(Tour Late) td[name=phone] a[href^='tel:']",
        },
        {
            content: "It was called",
            trigger: ".o_data_row:contains(Tour Late) button[name=action_ask_what_was_done]",
            run: "click",
        },
        {
            content: "What was done",
            trigger: ".modal .o_field_widget[name=note] textarea",
            run: "edit The invoice goes out with the next run.",
        },
        {
            content: "Done",
            trigger: ".modal button[name=action_done]",
            run: "click",
        },
        {
            content: "Nobody is left to call",
            trigger: ".o_action_manager:not(:has(.o_data_row:contains(Tour Late)))",
        },
    ],
});

registry.category("web_tour.tours").add("crm_customer_open_items_tour", {
    url: "/odoo/open-items",
    steps: () => [
        {
            content: "What is overdue, with its days",
            trigger: ".o_list_view .o_data_row:contains(Tour Late) td[name=days_overdue]:contains(40)",
        },
        {
            content: "Open the document",
            trigger: ".o_data_row:contains(Tour Late) td[name=move_id]",
            run: "click",
        },
        {
            content: "It is the invoice",
            trigger: ".o_form_view .o_field_widget[name=payment_state], .o_form_view [name=invoice_date]",
        },
    ],
});
