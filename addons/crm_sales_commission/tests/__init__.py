from . import test_commission_events
