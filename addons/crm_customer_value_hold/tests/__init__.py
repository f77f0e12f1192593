from . import test_override_driver
