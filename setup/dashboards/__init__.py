"""Dashboards of the addons: short descriptions, and the builder that makes Odoo's files of them."""
