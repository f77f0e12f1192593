import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import {
    RemainingDaysField,
    remainingDaysField,
} from "@web/views/fields/remaining_days/remaining_days_field";

/** A due date; one that has passed says by how many days, which "last month" does not. */
export class DueDaysField extends RemainingDaysField {
    get diffString() {
        if (this.diffDays === null || this.diffDays >= -1) {
            return super.diffString;
        }
        return _t("%(date)s · %(days)s days", {
            date: this.formattedValue,
            days: -this.diffDays,
        });
    }
}

registry.category("fields").add("due_days", {
    ...remainingDaysField,
    component: DueDaysField,
});
