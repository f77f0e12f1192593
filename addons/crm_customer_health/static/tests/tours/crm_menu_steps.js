import { stepUtils } from "@web_tour/tour_utils";

/** From the home screen to an entry of CRM's menu Sales. */
export function openSalesMenu(name, xmlid) {
    return [
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
            content: `Open ${name}`,
            trigger: `[data-menu-xmlid='${xmlid}']`,
            run: "click",
        },
    ];
}
