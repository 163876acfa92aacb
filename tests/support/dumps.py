"""Dumps in Odoo's format, as a customer brings them: good ones and bad ones."""

import json
import zipfile

MANIFEST = {
    "odoo_dump": "1",
    "db_name": "x",
    "version": "18.0",
    "major_version": "18.0",
    "modules": {"base": "18.0.1.3"},
}
# The least that is a database of Odoo's, in the words of pg_dump.
SCRIPT = """--
-- PostgreSQL database dump
--
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE TABLE public.ir_module_module (
    id integer NOT NULL,
    name character varying, -- its name; with a semicolon
    state character varying DEFAULT 'un;installed'
);
ALTER TABLE public.ir_module_module OWNER TO odoo;
COPY public.ir_module_module (id, name, state) FROM stdin;
1\tbase\tinstalled
2\tsale; DROP\tC:\\\\n
3\t\\N\t$$
\\.

"""


def write(path, script="", entries=(), manifest=None, good=SCRIPT):
    """Write a zip: a good script with something behind it, and more entries.

    :param entries: (name or ZipInfo, content) pairs
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dump.sql", good + script)
        archive.writestr("manifest.json", json.dumps(MANIFEST if manifest is None else manifest))
        for name, content in entries:
            archive.writestr(name, content)
    return path
