from . import test_deal_figures
from . import test_manual_billing
