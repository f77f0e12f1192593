"""What the tests of faults share."""

import pytest


@pytest.fixture
def in_all_addons(is_long):
    """For a test of one addon that ``test_everything`` does with all of them."""
    if not is_long:
        pytest.skip("test_everything does it with all addons; --long does it here, too")
