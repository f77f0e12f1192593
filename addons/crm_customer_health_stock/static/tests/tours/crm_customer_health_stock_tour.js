import { registry } from "@web/core/registry";

const DONE = ".o_statusbar_status button[data-value=done].o_arrow_button_current";

registry.category("web_tour.tours").add("crm_customer_health_stock_held_tour", {
    steps: () => [
        {
            content: "The delivery says that it is on hold and why",
            trigger: ".o_form_view div[name=hold_blocking] .o_field_widget[name=hold_reason]:contains(overdue for too long)",
        },
        {
            content: "An inventory user cannot override it",
            trigger: ".o_form_view:not(:has(button[name=action_override_hold]))",
        },
        {
            content: "Ask for the release",
            trigger: "div[name=hold_blocking] button[name=action_ask_for_release]",
            run: "click",
        },
        {
            content: "It is asked for",
            trigger: "div[name=hold_blocking]:contains(Release asked for on)",
        },
        {
            content: "Validate",
            trigger: ".o_statusbar_buttons button[name=button_validate]:visible",
            run: "click",
        },
        {
            content: "It is refused, with the reason",
            trigger: ".modal .modal-body:contains(overdue for too long)",
        },
        {
            content: "Close the refusal",
            trigger: ".modal-footer button.btn-primary",
            run: "click",
        },
        {
            content: "It has not gone",
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status button[data-value=assigned].o_arrow_button_current",
        },
    ],
});

registry.category("web_tour.tours").add("crm_customer_health_stock_payment_tour", {
    steps: () => [
        {
            content: "The invoice is posted; register a payment",
            trigger: ".o_statusbar_buttons button[name=action_register_payment]:visible",
            run: "click",
        },
        {
            content: "Of the whole amount",
            trigger: ".modal button[name=action_create_payments]",
            run: "click",
        },
        {
            content: "The invoice is paid",
            trigger:
                "body:not(:has(.modal)) .o_form_view:not(:has(.o_statusbar_buttons button[name=action_register_payment]:visible))",
        },
    ],
});

registry.category("web_tour.tours").add("crm_customer_health_stock_released_tour", {
    steps: () => [
        {
            content: "Nothing holds the delivery, and its chatter says since when",
            trigger: ".o_form_view:not(:has(div[name=hold_blocking])) .o-mail-Message:contains(no longer on hold)",
        },
        {
            content: "Validate",
            trigger: ".o_statusbar_buttons button[name=button_validate]:visible",
            run: "click",
        },
        { content: "It has gone", trigger: DONE },
    ],
});

registry.category("web_tour.tours").add("crm_customer_health_stock_override_tour", {
    steps: () => [
        {
            content: "The inventory administrator may override the hold",
            trigger: "div[name=hold_blocking] button[name=action_override_hold]",
            run: "click",
        },
        {
            content: "Say why",
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit The transfer is confirmed.",
        },
        {
            content: "Override",
            trigger: ".modal button[name=action_override]",
            run: "click",
        },
        {
            content: "The delivery says who overrode the hold and why",
            trigger:
                "body:not(:has(.modal)) div[name=hold_override] .o_field_widget[name=hold_override_note]:contains(The transfer is confirmed.)",
        },
        {
            content: "Validate",
            trigger: ".o_statusbar_buttons button[name=button_validate]:visible",
            run: "click",
        },
        { content: "It has gone", trigger: DONE },
        {
            content: "And tells for good that the hold was overridden",
            trigger: "div[name=hold_override]",
        },
    ],
});

registry.category("web_tour.tours").add("crm_customer_health_stock_overview_tour", {
    steps: () => [
        {
            content: "The overview counts the deliveries on hold",
            trigger: ".o_kanban_record a[name=get_action_picking_tree_held]:contains(1)",
        },
        {
            content: "Open them",
            trigger: ".o_kanban_record a[name=get_action_picking_tree_held]",
            run: "click",
        },
        {
            content: "One delivery, on hold",
            trigger: ".o_list_view .o_data_row:only-of-type .o_data_cell[name=hold_status] .text-bg-danger",
        },
        {
            content: "As cards",
            trigger: ".o_cp_switch_buttons .o_switch_view.o_kanban",
            run: "click",
        },
        {
            content: "The card says it, too",
            trigger: ".o_kanban_view .o_kanban_record div[name=hold] .text-bg-danger",
        },
    ],
});
