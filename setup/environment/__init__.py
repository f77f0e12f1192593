"""What setup/run, setup/test and setup/odoo do, with nothing but Python's standard library."""
