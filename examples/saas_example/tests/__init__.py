from . import test_saas_example
