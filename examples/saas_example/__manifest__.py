{
    "name": "SaaS Manager: Example",
    "summary": "How to extend the manager: a provisioning step, a field, a vertical, a resource of subscriptions",
    "version": "1.0.0",
    "category": "Services/SaaS",
    "author": "SaaS Manager contributors",
    "license": "LGPL-3",
    "depends": ["saas_manager"],
    "data": [
        "security/ir.model.access.csv",
        "security/saas_example_rules.xml",
        "data/saas_template_data.xml",
        "views/saas_instance_views.xml",
        "views/saas_subscription_views.xml",
    ],
}
