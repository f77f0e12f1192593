from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_accounting_bridge_sale.tests.common import BridgeSaleCommon
from odoo.addons.crm_revenue_forecast.tests import test_forecast_drill

from .test_forecast_orders import ForecastOrdersCommon


@tagged("post_install", "-at_install")
@freeze_time("2024-04-10 10:00:00")
class TestForecastOrdersDrill(ForecastOrdersCommon, test_forecast_drill.TestForecastDrill):
    """With orders, too."""

    allow_inherited_tests_method = True
    LAYERS = {*test_forecast_drill.TestForecastDrill.LAYERS, "to_deliver", "to_invoice"}

    @classmethod
    def _invoice(cls, *args, **values):
        """Without an order."""
        return super(BridgeSaleCommon, cls)._invoice(*args, **values)

    def _do_business(self, seller, size):
        result = super()._do_business(seller, size)
        self._create_order(
            None,
            [(3 * size, 11.11, self.product_delivered), (size, 7.0)],
            user_id=seller.id,
            commitment_date="2024-05-02 10:00:00",
        )
        return result
