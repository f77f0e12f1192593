from . import test_deal_figures
from . import test_random_walk
from . import test_manual_billing
from . import test_roles
from . import test_funnel_report
