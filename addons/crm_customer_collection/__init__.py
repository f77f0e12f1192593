from . import mixins, models, wizard
from .hooks import uninstall_hook
