from . import crm_service_driver
