{
    "name": "SaaS Manager: Example",
    "summary": "How to extend the manager: a provisioning step, a field on the instance, a vertical with its template",
    "version": "1.0.0",
    "category": "Services/SaaS",
    "author": "SaaS Manager contributors",
    "license": "LGPL-3",
    "depends": ["saas_manager"],
    "data": [
        "data/saas_template_data.xml",
        "views/saas_instance_views.xml",
    ],
}
