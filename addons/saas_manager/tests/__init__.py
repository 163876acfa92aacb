from . import (
    test_access,
    test_lifecycle,
    test_load,
    test_provisioning,
    test_rpc_guard,
    test_server,
    test_settings,
    test_subdomain,
    test_suspension,
    test_template,
    test_termination,
    test_welcome,
)
