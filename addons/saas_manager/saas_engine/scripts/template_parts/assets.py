"""Bundles of scripts and styles: a first visitor would pay 25 s of CPU for them; every clone carries them."""

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


def generate(env):
    scripts, styles, *_others = env["ir.qweb"]._get_bundles_to_pregenarate()
    _generate(env, _wanted(scripts), _wanted(styles))
    # Pages of a website have bundles of that website's own, whatever it customises.
    for website in env["website"].search([]) if "website" in env else ():
        _generate(env(context={**env.context, "website_id": website.id}), _public(scripts), _public(styles))


def _generate(env, scripts, styles):
    for name in sorted(scripts):
        env["ir.qweb"]._get_asset_bundle(name, css=False, js=True).js()
    for name in sorted(styles):
        env["ir.qweb"]._get_asset_bundle(name, css=True, js=False).css()


def _public(bundles):
    return {name for name in _wanted(bundles) if "frontend" in name or name.startswith("website")}


def _wanted(bundles):
    return {name for name in bundles if not any(word in name for word in TESTS)} | LAZY_BUNDLES
