"""Helpers of the tests: a real Odoo server, and the two ways in, external API and browser."""
