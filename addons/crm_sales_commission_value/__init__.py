from . import mixins, models, report
