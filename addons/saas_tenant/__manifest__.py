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
        "views/mail_mail_views.xml",
        "views/saas_sign_in_views.xml",
        "views/sign_in_templates.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "saas_tenant/static/src/support_banner/**/*",
            "saas_tenant/static/src/surplus_banner/**/*",
        ],
    },
    "auto_install": False,
    "application": False,
}
