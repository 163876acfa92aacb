"""Language, country, currency, time zone and paper: what every clone of a template carries."""

DEFAULT_LANG = "en_US"


def activate_language(env, lang):
    """Have the apps that are installed from now on bring their texts in this language."""
    if not lang or lang == DEFAULT_LANG:
        return
    found = env["res.lang"]._activate_lang(lang)
    if not found:
        raise SystemExit(f"Odoo has no language {lang!r}.")
    env["base.language.install"].create({"lang_ids": found.ids}).lang_install()
    env["ir.default"].set("res.partner", "lang", lang)


def speak_language(env, lang):
    """Let everybody whom the apps have brought speak it, too."""
    if lang and lang != DEFAULT_LANG:
        partners = env["res.partner"].with_context(active_test=False)
        partners.search([("lang", "in", (DEFAULT_LANG, False))]).lang = lang


def set_country(env, code):
    if code:
        country = env["res.country"].search([("code", "=", code.upper())], limit=1)
        if not country:
            raise SystemExit(f"No country has the code {code!r}.")
        env.company.country_id = country


def set_currency(env, name):
    """Set the currency of the company. Odoo refuses that after the first entries."""
    if name and env.company.currency_id.name != name:
        currency = env["res.currency"].with_context(active_test=False).search([("name", "=", name)], limit=1)
        if not currency:
            raise SystemExit(f"No currency has the code {name!r}.")
        currency.active = True
        env.company.currency_id = currency


def set_time_zone(env, name):
    """Set it for everybody who can sign in, for those who will be added, and for working times."""
    if not name:
        return
    users = env["res.users"].with_context(active_test=False).search([])
    users.partner_id.tz = name
    env["ir.default"].set("res.partner", "tz", name)
    for model in ("resource.calendar", "resource.resource"):
        if model in env:
            env[model].with_context(active_test=False).search([]).tz = name


def set_paper(env, name):
    if name:
        env.company.paperformat_id = env.ref("base.paperformat_us" if name == "Letter" else "base.paperformat_euro")
