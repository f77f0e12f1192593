{
    "name": "CRM Customer Value - Project",
    "summary": "Tasks show what their customer is worth: A to D",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health_project", "crm_customer_value"],
    "data": ["views/project_task_views.xml"],
    "auto_install": True,
}
