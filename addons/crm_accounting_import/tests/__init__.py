from . import (
    test_accounting_import,
    test_accounting_import_access,
    test_accounting_import_errors,
    test_accounting_import_file,
    test_accounting_import_large,
    test_accounting_import_match,
    test_accounting_import_preview,
    test_accounting_import_programs,
    test_accounting_import_properties,
    test_accounting_import_queue,
    test_hooks,
)
