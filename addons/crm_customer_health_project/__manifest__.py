{
    "name": "CRM Customer Health - Project",
    "summary": "Tasks show whether their customer pays",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CRM Accounting Bridge",
    "license": "LGPL-3",
    "depends": ["crm_customer_health", "project"],
    "data": ["views/project_task_views.xml"],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
}
