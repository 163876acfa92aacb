"""What a template is made of beside its apps. These run inside the tenants' Odoo, in its shell."""
