from . import saas_instance
from . import saas_template
