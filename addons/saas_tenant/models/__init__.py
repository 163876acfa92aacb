from . import (
    ir_actions_report,
    ir_actions_server,
    ir_http,
    ir_mail_server,
    ir_model_fields,
    ir_module_module,
    mail_mail,
    saas_sign_in,
)
