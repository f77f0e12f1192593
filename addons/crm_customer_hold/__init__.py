from . import mixins, models, wizard
