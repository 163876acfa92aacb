{
    "name": "SaaS Gateway",
    "summary": "Keeps many tenants apart inside one Odoo service: hosts, database roles, RPC, crons",
    "version": "1.0.0",
    "category": "Hidden/Tools",
    "author": "SaaS Manager contributors",
    "license": "LGPL-3",
    "depends": ["web"],
    "post_load": "post_load",
    # Loaded by the server (--load=saas_gateway,base,web), never installed in a database: Odoo refuses to.
    "installable": False,
    # Empty, but there: of an addon that is not installable Odoo serves the icon only if it has assets.
    "assets": {"saas_gateway.none": []},
}
