from . import test_install, test_order_link, test_order_status
from . import test_funnel_report
