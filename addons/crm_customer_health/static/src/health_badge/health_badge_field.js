import { registry } from "@web/core/registry";
import { BadgeField, badgeField } from "@web/views/fields/badge/badge_field";

/** The colour of a health status, and of the band of a payment score. */
const COLORS = {
    healthy: "success",
    watch: "warning",
    at_risk: "danger",
    low: "success",
    medium: "warning",
    high: "danger",
};

/** A badge that is coloured alike wherever a customer's health is shown. */
export class HealthBadgeField extends BadgeField {
    get badgeClass() {
        const value = this.props.record.data[this.props.name];
        return `text-bg-${COLORS[value] || "300"}`;
    }
}

registry.category("fields").add("health_badge", {
    ...badgeField,
    component: HealthBadgeField,
    supportedTypes: ["selection"],
});
