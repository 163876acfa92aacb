from . import (
    saas_bulk_wizard,
    saas_build_wizard,
    saas_publish_workshop_wizard,
    saas_rename_wizard,
    saas_settings_page,
    saas_suspend_wizard,
    saas_terminate_wizard,
)
