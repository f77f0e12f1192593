from . import test_deal_figures
