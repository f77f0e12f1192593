import { registry } from "@web/core/registry";
import { download } from "@web/core/network/download";

/**
 * Download the workbook, or say that it is being written.
 *
 * Whoever opens the address of the menu item by itself, in a tab of its own, gets the list of
 * customers to look at: a download alone leaves an empty page.
 */
async function workbookAction(env, { params }) {
    if (params.url) {
        await download({ url: params.url, data: {} });
    } else {
        env.services.notification.add(params.message, { type: "info" });
    }
    if (!env.services.action.currentController) {
        return "crm_customer_health.crm_customer_health_action";
    }
}

registry.category("actions").add("crm_customer_health.workbook", workbookAction);
