from . import test_task_value
