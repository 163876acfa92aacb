from . import test_modules, test_own_code
