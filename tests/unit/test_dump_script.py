"""Dumps in SQL are read as psql reads them, and its own commands are found wherever they stand."""

import io

import pytest
from saas_engine import dump_script
from saas_engine.errors import RestoreError


def read(text):
    """Return the statements, and the data of those that have some."""
    found = []
    for statement, data in dump_script.statements(io.BytesIO(text.encode())):
        found.append(statement.decode() if data is None else (statement.decode(), data.read(10**6).decode()))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1;\nSELECT 2; SELECT 3;\n", ["SELECT 1;", "SELECT 2;", "SELECT 3;"]),
        ("SELECT ';', \"a;b\" ;", ["SELECT ';', \"a;b\" ;"]),
        ("SELECT 'it''s;\n\\! id';", ["SELECT 'it''s;\n\\! id';"]),
        ("SELECT E'\\';', E'\\\\'; SELECT E'a''b\\';';", ["SELECT E'\\';', E'\\\\';", "SELECT E'a''b\\';';"]),
        ("SELECT 'C:\\'; SELECT 2;", ["SELECT 'C:\\';", "SELECT 2;"]),
        ("DO $$ BEGIN; \\! ' $a$ END $$; SELECT 2;", ["DO $$ BEGIN; \\! ' $a$ END $$;", "SELECT 2;"]),
        ("SELECT $a$ $$ ; $a$;", ["SELECT $a$ $$ ; $a$;"]),
        ("-- a ' comment; \\! id\nSELECT 1 -- another;\n;", ["SELECT 1 \n;"]),
        ("/* a /* nested; ' */ \\! */ SELECT /* x\n;y */ 1;", ["SELECT  1;"]),
        ("CREATE RULE x AS ON INSERT TO t DO (SELECT 1; SELECT 2);", None),
        ("\\restrict abcDEF123\nSELECT 1;\n\\unrestrict abcDEF123\n", ["SELECT 1;"]),
        (";;\n", []),
        (
            "COPY t (a) FROM stdin;\n1\\t;'\n\\N\n\\.\nSELECT 2;\n",
            [("COPY t (a) FROM stdin;", "1\\t;'\n\\N\n"), "SELECT 2;"],
        ),
        ("COPY t FROM stdin WITH (FORMAT csv);\r\na\r\n\\.\r\n", [("COPY t FROM stdin WITH (FORMAT csv);", "a\r\n")]),
        ("COPY t FROM stdin;\n\\.\n", [("COPY t FROM stdin;", "")]),
    ],
)
def test_statements(text, expected):
    assert read(text) == ([text] if expected is None else expected)


@pytest.mark.parametrize(
    "text",
    [
        "\\! id\n",
        "SELECT 1; \\! id\n",
        "SELECT 1 \\g |id\n",
        "SELECT 1\n\\gexec\n",
        "  \\i /etc/passwd\n",
        "\\copy t FROM '/etc/passwd'\n",
        "\\o |id\nSELECT 1;\n",
        "\\connect postgres\n",
        "\\restrict\n",
        "\\restrict abc\\! id\n",
        "SELECT ':x' \\restrict abc\n",
        "COPY t FROM stdin;\n1\n\\.\n\\! id\n",
        "SELECT 'a' /* \\! */ \\! id\n",
    ],
)
def test_commands_of_psql_are_refused(text):
    with pytest.raises(RestoreError, match="command of psql's"):
        read(text)


@pytest.mark.parametrize("text", ["SELECT 1", "SELECT 'a;\n", "/* SELECT 1;\n", "DO $x$ SELECT 1; $$;\n"])
def test_an_end_is_missing(text):
    with pytest.raises(RestoreError, match="ends in the middle"):
        read(text)


def test_what_is_too_long_is_not_kept(monkeypatch):
    monkeypatch.setattr(dump_script, "MAX_STATEMENT", 100)
    assert read(f"SELECT '{'a' * 50}';\n" * 10)
    for text in (f"SELECT '{'a' * 200}';", "SELECT 1,\n" * 50):
        with pytest.raises(RestoreError, match="more than"):
            read(text)


def test_a_long_line_of_data_comes_in_parts():
    line = "a" * 100_000
    [(_statement, data)] = read(f"COPY t FROM stdin;\n{line}\n\\.\n")
    assert data == f"{line}\n"
    long = dump_script.statements(io.BytesIO(f"COPY t FROM stdin;\n{line}\n\\.\n".encode()))
    _statement, data = next(long)
    assert len(data.read(8192)) <= 2 * 8192
