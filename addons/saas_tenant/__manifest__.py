{
    "name": "SaaS Tenant",
    "summary": "What a tenant may do inside its own database",
    "version": "1.0.0",
    "category": "Hidden/Tools",
    "author": "SaaS Manager contributors",
    "license": "LGPL-3",
    "depends": ["base", "web", "mail", "portal", "auth_signup"],
    "data": ["views/mail_mail_views.xml"],
    "auto_install": False,
    "application": False,
}
