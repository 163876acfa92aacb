"""What counts as an expression of a tenant's own: the grammar of plain ones, and where they are found."""

import pytest
from support import addon_files

grammar, extract, shipped = (
    addon_files.load("saas_tenant/own_code", name) for name in ("grammar", "extract", "shipped")
)
QWEB, INLINE, DOMAIN, CODE = grammar.QWEB, grammar.INLINE, grammar.DOMAIN, grammar.CODE


PLAIN = [
    (QWEB, "object.partner_id.name"),
    (QWEB, "object.name or ''"),
    (QWEB, "not object.active and object.amount > 3"),
    (QWEB, "object['name']"),
    (QWEB, "docs[0]"),
    (QWEB, "object.name[:10]"),
    (QWEB, "'Order %s' % object.name"),
    (QWEB, "'%s: %s' % (object.name, len(object.order_line))"),
    (QWEB, "{'widget': 'image', 'max_width': 300}"),
    (QWEB, "\n  object.name if object\n  else 'nobody'\n"),
    (QWEB, "website.s_banner"),
    (QWEB, "base.group_user,!base.group_system"),
    (QWEB, "btn btn-primary #{5}".replace("#{5}", "")),
    (INLINE, "format_amount(object.amount_total, object.currency_id)"),
    (INLINE, "format_date(object.date, date_format='medium')"),
    (DOMAIN, "[('user_id', '=', uid), ('company_id', 'in', company_ids + [False])]"),
    (DOMAIN, "[('date', '>=', context_today().strftime('%Y-%m-%d'))]"),
    (DOMAIN, "[('d', '<', (context_today() - relativedelta(months=1)).replace(day=1).strftime('%Y-%m-%d'))]"),
    (DOMAIN, "[('d', '>', datetime.datetime.combine(context_today(), datetime.time(0, 0, 0)).to_utc())]"),
    (DOMAIN, "{'search_default_a': 1, 'default_user_id': uid, 'group_by': ['stage_id']}"),
    (CODE, ""),
]
NOT_PLAIN = [
    (QWEB, "object.unlink()"),
    (QWEB, "object.env"),
    (QWEB, "object.env.cr.connection"),
    (QWEB, "env"),
    (QWEB, "env['res.users']"),
    (QWEB, "request.params"),
    (QWEB, "object._cr"),
    (QWEB, "object['_cr']"),
    (QWEB, "object.__class__"),
    (QWEB, "'{0.__class__}'.format(object)"),
    (QWEB, "'{0.__class__}'.format_map(object)"),
    (QWEB, "f'{object}'"),
    (QWEB, "'%1000000000d' % 1"),
    (QWEB, "'x' * 1000000000"),
    (QWEB, "2 ** 99999999"),
    (QWEB, "[x for x in object]"),
    (QWEB, "lambda: object"),
    (QWEB, "(yield)"),
    (QWEB, "(x := object)"),
    (QWEB, "{**object}"),
    (QWEB, "[*object]"),
    (QWEB, "map(object.unlink, [1])"),
    (QWEB, "round(object, ndigits=object.unlink)"),
    # A template can put a method under a name that QWeb looks up, and then have it called.
    (QWEB, "format_date(object)"),
    (QWEB, "context_today()"),
    (QWEB, "datetime.now()"),
    (QWEB, "1) + object.unlink("),
    # QWeb reads these, Python does not: it takes a keyword for the name of a variable.
    (QWEB, "class.unlink()"),
    (QWEB, "class.env.cr"),
    (QWEB, "class['env']"),
    (QWEB, "a', 'b': object.unlink(), 'c': '"),
    (QWEB, "@object.unlink\nclass x: pass"),
    (QWEB, "a" + " + a" * 100_000),
    (INLINE, "object.unlink()"),
    (INLINE, "format_date(object.unlink())"),
    (INLINE, "format_date(**object)"),
    (DOMAIN, "user.sudo()"),
    (DOMAIN, "[('id', 'in', user.search([]).ids)]"),
    (DOMAIN, "model.env[payload.get('_model')]"),
    (DOMAIN, "object.replace(day=1)"),
    (DOMAIN, "'{0}'.replace('0', '0.__class__').format(user)"),
    (DOMAIN, "time.sleep(1000)"),
    (CODE, "result = 1"),
]


@pytest.mark.parametrize(("kind", "text"), PLAIN)
def test_plain(kind, text):
    assert grammar.is_plain(text, kind)


@pytest.mark.parametrize(("kind", "text"), NOT_PLAIN)
def test_not_plain(kind, text):
    assert not grammar.is_plain(text, kind)


EVIL = "object.unlink()"
VIEWS = [
    f'<t t-out="{EVIL}"/>',
    f'<t><div t-att="{EVIL}"/></t>',
    f'<div t-att-class="{EVIL}"/>',
    f'<div t-attf-class="a #{{{EVIL}}}"/>',
    f'<div t-attf-class="a {{{{ {EVIL} }}}}"/>',
    f'<t t-call="a.b_#{{{EVIL}}}"/>',
    f'<t t-call="a.b" t-options="{EVIL}"/>',
    f'<t t-call="a.b" t-options-c="{EVIL}"/>',
    f'<t t-call="a.b" t-lang="{EVIL}"/>',
    f'<t t-set="a" t-value="{EVIL}"/>',
    f'<t t-set="a" t-valuef="#{{{EVIL}}}"/>',
    f'<t t-if="a"/><t t-elif="{EVIL}"/>'.join(("<t>", "</t>")),
    f'<t t-foreach="{EVIL}" t-as="a"/>',
    f'<t t-cache="{EVIL}"/>',
    f'<t t-nocache="a" t-nocache-b="{EVIL}"/>',
    f'<input t-placeholder="{EVIL}"/>',
    f'<data><xpath expr="//a" position="attributes"><attribute name="t-if">{EVIL}</attribute></xpath></data>',
    f'<data><a position="attributes"><attribute name="t-if" add="{EVIL}" separator=" or "/></a></data>',
    f"<t t-out={EVIL}>",
]


@pytest.mark.parametrize("arch", VIEWS)
def test_found_in_a_view(arch):
    assert (QWEB, EVIL) in extract.of_view(arch)


def test_quotes_of_a_snippets_key_are_code():
    """The editor writes the key between quotes into an expression."""
    key = f"a.b', 'c': {EVIL}, 'd': '"
    [found] = extract.of_view(f'<t t-snippet="{key}"/>')
    assert not grammar.is_plain(found[1], found[0])
    assert all(grammar.is_plain(text, kind) for kind, text in extract.of_view('<t t-snippet="website.s_banner"/>'))


def test_pieces_of_code_are_known_as_a_whole():
    arch = '<a position="attributes"><attribute name="t-if" add="b" remove="c" separator="("/></a>'
    [(kind, text)] = extract.of_view(arch)
    assert not grammar.is_plain(text, kind)


@pytest.mark.parametrize("arch", [f'<t t-call="a" b="{EVIL}"/>', f'<t t-call="a" b.f="x #{{{EVIL}}}"/>'])
def test_arguments_of_a_call_are_expressions_from_19_on(arch):
    assert (QWEB, EVIL) in extract.of_view(arch, call_arguments=True)
    assert (QWEB, EVIL) not in extract.of_view(arch)
    change = f'<a position="attributes"><attribute name="b">{EVIL}</attribute></a>'
    assert (QWEB, EVIL) in extract.of_view(change, call_arguments=True)
    assert not extract.of_view(change)


def test_what_no_server_evaluates_is_no_expression():
    arch = f'<div title="{EVIL}" t-name="{EVIL}"><p>{EVIL} {{{{ {EVIL} }}}}</p><!-- <t t-out="{EVIL}"/> --></div>'
    assert not extract.of_view(arch)


def test_domain_of_a_filter():
    assert (DOMAIN, EVIL) in extract.of_view(f'<search><filter name="a" domain="{EVIL}"/></search>')


def test_found_in_mails():
    mail = f'<p>Hello <t t-out="{EVIL}">you</t>, this is text: {{{{ {EVIL} }}}}</p>'
    assert extract.of_mail(mail) == extract.of_mail(f'<?xml version="1.0" encoding="utf-8"?>{mail}') == {(QWEB, EVIL)}
    assert extract.of_line("Order {{ object.name }} of {{ a() ||| b }}") == {(INLINE, "object.name"), (INLINE, "a()")}


def test_what_a_module_ships(tmp_path):
    (tmp_path / "views").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.xml").write_text('<t t-out="browsers()"/>')
    (tmp_path / "views" / "broken.xml").write_text("")
    (tmp_path / "views" / "a.xml").write_text(
        """<odoo>
        <template id="a" name="Menu - pictures (small)"><t t-out="element()"/></template>
        <record id="b" model="mail.template"><field name="subject">{{ line() }}</field>
            <field name="body_html"><![CDATA[<p t-out="text()"/>]]></field></record>
        <record id="c" model="ir.rule"><field name="domain_force">[('a', '=',  user.b())]</field>
            <field name="other" eval="[('a', '=', 1)]"/></record>
        <record id="d" model="ir.actions.server"><field name="code">
            for a in records:
                a.run()
            </field></record></odoo>"""
    )
    found = shipped.of_folder(str(tmp_path))
    assert found.expressions >= {"element()", "line()", "text()", "Menu - pictures (small)"}
    assert {"[('a', '=', user.b())]", "[('a', '=', 1)]"} <= found.values
    assert "for a in records:\n    a.run()" in found.codes
    assert shipped.of_folder(str(tmp_path / "nowhere")) == shipped.Shipped()


def test_what_a_translation_ships(tmp_path):
    lines = [
        'msgid ""',
        'msgstr "Language: fr"',
        "",
        "msgid \"Order {{ object.a() or '' }}\"",
        'msgstr ""',
        '"Commande {{ object.a() "',
        '"or \\"rien\\" }}\\n"',
        "",
        'msgid "Hello #{b()}"',
        'msgstr "Bonjour #{b()}"',
        "",
        "msgid \"'Order %s' % object.c()\"",
        "msgstr \"'Commande %s' % object.c()\"",
    ]
    path = tmp_path / "fr.po"
    path.write_text("\n".join(lines))
    found = shipped.of_translation(str(path))
    assert found.expressions == {'object.a() or "rien"', "b()"}
    assert "'Commande %s' % object.c()" in found.values


def test_depth_of_code_matters():
    assert shipped.tidy_code("\n    a\n      b  \n\n") == "a\n  b"
    assert shipped.tidy_code("if a:\n  b\nc") != shipped.tidy_code("if a:\n  b\n  c")
