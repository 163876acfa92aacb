"""The end of a template's build, fed to `odoo-bin shell`: `env` is the shell's own."""
# ruff: noqa: F821

import os

LANG = os.environ["SAAS_TEMPLATE_LANG"]
COUNTRY = os.environ["SAAS_TEMPLATE_COUNTRY"]
# What must not be in every clone: work that would be done again, and traces of the build.
LEFTOVERS = ("ir_cron_trigger", "ir_cron_progress", "mail_mail", "bus_bus", "res_users_log", "ir_logging")

# Bundles that the web client loads only when it needs them: no view names them.
LAZY_BUNDLES = {
    "bus.websocket_worker_assets",
    "web.assets_backend_lazy",
    "web.assets_backend_lazy_dark",
    "web.assets_emoji",
    "web.assets_web_print",
    "web.chartjs_lib",
    "web.fullcalendar_lib",
}
# Views of Odoo's own tests name bundles, too: 30 MB that every clone would copy and nobody asks for.
TESTS = ("test", "qunit", "mocha")


def activate_language():
    if LANG and LANG != "en_US":
        env["base.language.install"].create({"lang_ids": env["res.lang"]._activate_lang(LANG).ids}).lang_install()
        env["res.partner"].search([("lang", "=", "en_US")]).lang = LANG
        env["ir.default"].set("res.partner", "lang", LANG)


def set_country():
    if COUNTRY:
        country = env["res.country"].search([("code", "=", COUNTRY.upper())], limit=1)
        if not country:
            raise SystemExit(f"No country has the code {COUNTRY!r}.")
        env.ref("base.main_company").country_id = country


def generate_assets():
    """A first visitor would pay 25 s of CPU for them; every clone carries them."""
    qweb = env["ir.qweb"]
    scripts, styles, *_others = qweb._get_bundles_to_pregenarate()
    for name in sorted(wanted(scripts)):
        qweb._get_asset_bundle(name, css=False, js=True).js()
    for name in sorted(wanted(styles)):
        qweb._get_asset_bundle(name, css=True, js=False).css()


def wanted(bundles):
    return {name for name in bundles if not any(word in name for word in TESTS)} | LAZY_BUNDLES


def leave_nothing():
    """No password that anybody knows, no work that every clone would do again, no job that runs in the template."""
    env.flush_all()
    env.cr.execute("UPDATE res_users SET password = NULL WHERE password IS NOT NULL")
    for table in LEFTOVERS:
        env.cr.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        if env.cr.fetchone()[0]:
            env.cr.execute(f"DELETE FROM {table}")  # noqa: S608 - one of the names above
    env.cr.execute("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 day'")


activate_language()
set_country()
generate_assets()
leave_nothing()
env.cr.commit()
