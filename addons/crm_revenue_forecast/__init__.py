from . import mixins, models, report
from .hooks import post_init_hook
