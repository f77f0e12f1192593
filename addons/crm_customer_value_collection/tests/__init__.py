from . import test_flag_driver
