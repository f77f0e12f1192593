from . import accounting_import
