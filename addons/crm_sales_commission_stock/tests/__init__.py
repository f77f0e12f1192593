from . import test_shortages
