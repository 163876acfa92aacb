from . import (
    test_app_limit,
    test_mail_identity,
    test_mail_limits,
    test_modules,
    test_notices,
    test_own_code,
    test_own_expressions,
    test_report,
    test_sign_in,
    test_storage,
    test_user_limit,
)
