from . import (
    test_mail_identity,
    test_mail_limits,
    test_modules,
    test_notices,
    test_own_code,
    test_report,
    test_sign_in,
    test_storage,
)
