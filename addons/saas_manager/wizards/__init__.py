from . import saas_suspend_wizard, saas_terminate_wizard
