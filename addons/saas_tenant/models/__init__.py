from . import (
    ir_actions_report,
    ir_actions_server,
    ir_http,
    ir_mail_server,
    ir_model_fields,
    ir_module_module,
    mail_mail,
    res_groups,
    res_users,
    saas_sign_in,
)
