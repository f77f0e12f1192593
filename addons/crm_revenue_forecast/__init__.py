from . import demo, mixins, models, report
from .hooks import post_init_hook, uninstall_hook
