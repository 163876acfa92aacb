{
    "name": "SaaS Tenant",
    "summary": "What a tenant may do inside its own database",
    "version": "1.0.0",
    "category": "Hidden/Tools",
    "author": "SaaS Manager contributors",
    "license": "LGPL-3",
    "depends": ["base", "web", "mail", "portal", "auth_signup"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron_data.xml",
        "views/mail_mail_views.xml",
        "views/saas_sign_in_views.xml",
        "views/saas_tenant_plan_views.xml",
        "views/sign_in_templates.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "saas_tenant/static/src/support_banner/**/*",
            "saas_tenant/static/src/notices/**/*",
            "saas_tenant/static/src/plan/**/*",
        ],
    },
    "auto_install": False,
    "application": False,
}
