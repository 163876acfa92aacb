"""The chart of accounts of the company's country."""


def require_chart(env):
    """Have the country's chart, if there is accounting and Odoo knows a chart of that country.

    Odoo loads it while it installs; this is for countries whose modules do not install themselves.
    """
    country = env.company.country_id
    if "account.chart.template" not in env or not country:
        return
    charts = env["account.chart.template"]._get_chart_template_mapping()
    if charts.get(env.company.chart_template, {}).get("country_id") == country.id:
        return
    code = env["account.chart.template"]._guess_chart_template(country)
    if charts[code]["country_id"] == country.id:
        env["account.chart.template"].try_loading(code, env.company)
