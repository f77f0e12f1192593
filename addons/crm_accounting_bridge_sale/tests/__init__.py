from . import test_install
from . import test_order_link
from . import test_order_status
