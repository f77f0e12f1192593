from odoo import models


class ProjectTask(models.Model):
    """A task shows the health of its customer in the task's company, else in the current one."""

    _name = "project.task"
    _inherit = ["project.task", "crm.customer.health.mixin"]
