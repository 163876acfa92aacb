from . import (
    saas_build_wizard,
    saas_bulk_wizard,
    saas_publish_workshop_wizard,
    saas_rename_wizard,
    saas_settings_page,
    saas_sizing_check,
    saas_subscription_cancel_wizard,
    saas_subscription_change_wizard,
    saas_subscription_suspend_wizard,
    saas_subscription_terminate_wizard,
    saas_suspend_wizard,
    saas_terminate_wizard,
)
