from . import test_mailing_driver
