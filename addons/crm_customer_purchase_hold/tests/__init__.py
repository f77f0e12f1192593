from . import test_held_offers
