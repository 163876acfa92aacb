from . import saas_instance
from . import saas_mailbox
from . import saas_subscription
from . import saas_template
