from . import test_task_health
