import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_customer_health_sale_blocked_tour", {
    steps: () => [
        {
            content: "The quotation says that it is on hold and what is owed",
            trigger: ".o_form_view div[name=hold_blocking] .o_field_widget[name=hold_reason]:contains(1,000.00)",
        },
        {
            content: "A salesperson cannot override it",
            trigger: ".o_form_view:not(:has(button[name=action_override_hold]))",
        },
        {
            content: "Confirm",
            trigger: ".o_statusbar_buttons button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "It is refused, with what is owed",
            trigger: ".modal .o_error_dialog, .modal-body:contains(1,000.00)",
        },
        {
            content: "Close the refusal",
            trigger: ".modal-footer button.btn-primary",
            run: "click",
        },
        {
            content: "It is a quotation still",
            trigger: "body:not(:has(.modal)) .o_statusbar_status button[data-value=draft].o_arrow_button_current",
        },
    ],
});

registry.category("web_tour.tours").add("crm_customer_health_sale_override_tour", {
    steps: () => [
        {
            content: "The sales manager may override the hold",
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
            content: "The quotation says who overrode the hold and why",
            trigger:
                "body:not(:has(.modal)) div[name=hold_override] .o_field_widget[name=hold_override_note]:contains(The transfer is confirmed.)",
        },
        {
            content: "Confirm",
            trigger: ".o_statusbar_buttons button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "It is an order",
            trigger: ".o_statusbar_status button[data-value=sale].o_arrow_button_current",
        },
        {
            content: "And tells for good that the hold was overridden",
            trigger: "div[name=hold_override]",
        },
    ],
});
