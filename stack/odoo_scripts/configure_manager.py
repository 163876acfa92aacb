# Read by Odoo's shell, which provides `env`; VALUES comes in front of it (stack/manager_database.py).
administrator = env.ref("base.user_admin")  # noqa: F821
if VALUES["password"]:  # noqa: F821
    administrator.write({"login": VALUES["login"], "password": VALUES["password"]})  # noqa: F821
parameters = env["ir.config_parameter"].sudo()  # noqa: F821
parameters.set_param("web.base.url", VALUES["url"])  # noqa: F821
# Frozen: the next administrator to sign in by another name must not change the links in mails.
parameters.set_param("web.base.url.freeze", "True")
env.cr.commit()  # noqa: F821
