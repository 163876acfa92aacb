"""Which expressions are plain: they read what they are given, compare and join it, and call next to nothing.

Odoo's apps, its editors and its placeholders write such expressions all the time, and they can do no harm to a process
that others share. Plain Python, no Odoo.
"""

import ast
import functools
import re

# What an expression is evaluated by. It decides what it may call.
QWEB, INLINE, DOMAIN, CODE = "qweb", "inline", "domain", "code"

# No name that a template can set anew is called: QWeb takes these from Python whatever a template sets.
BUILTINS = {"abs", "bool", "float", "int", "len", "round", "str"}
# An inline template sets nothing, so these are Odoo's own there.
FORMATS = {"format_amount", "format_date", "format_datetime", "format_duration", "format_time", "is_html_empty"}
DATES = {"context_today", "relativedelta", "timedelta"}
DATE_ROOTS = {"context_today", "current_date", "datetime", "dateutil", "relativedelta", "time", "timedelta"}
DATE_METHODS = {
    "combine",
    "date",
    "datetime",
    "now",
    "relativedelta",
    "replace",
    "strftime",
    "time",
    "timedelta",
    "to_utc",
    "today",
    "utcnow",
    "weekday",
}
CALLED = {QWEB: BUILTINS, INLINE: BUILTINS | FORMATS, DOMAIN: BUILTINS | DATES}

# The attributes that lead from a record to the process; a private name leads anywhere.
WAYS_OUT = {"connection", "cr", "env", "environ", "httprequest", "pool", "registries", "registry", "request"}

SIMPLE_FORMAT = re.compile(r"(?:[^%]|%%|%(?:\(\w+\))?[sd])*")
# Neither a call nor an index nor a text: whatever reads this can read attributes at most.
NOTHING_CALLED = re.compile(r"[\w\s.,:;!?/%&#=+*$€|~^<>-]*")
WORD = re.compile(r"\w+")


@functools.lru_cache(maxsize=10_000)
def is_plain(text, kind=QWEB):
    """Tell whether an expression can be evaluated beside other people's data.

    :param str text: the expression, as it stands in the template or in the field
    :param str kind: QWEB, INLINE or DOMAIN; CODE is more than an expression, and never plain
    """
    text = text.strip()
    if kind == CODE:
        return not text
    try:
        # QWeb puts brackets around each expression, which makes more than one line possible.
        return _Judge(kind).is_plain(ast.parse(f"({text})", mode="eval").body)
    except (SyntaxError, ValueError):
        # QWeb reads some texts that Python does not: it takes `class` for a name.
        return is_harmless_text(text)
    except (RecursionError, MemoryError):
        return False


def is_harmless_text(text):
    """Tell whether nothing could be called by a text, however it is read."""
    words = WORD.findall(text)
    return bool(NOTHING_CALLED.fullmatch(text)) and not any(_is_way_out(word) for word in words)


def _is_way_out(name):
    return name.startswith("_") or name in WAYS_OUT


class _Judge:
    """Looks at each node of one expression."""

    OPERATORS = (ast.Add, ast.Sub)
    LEAVES = (ast.Constant, ast.boolop, ast.cmpop, ast.expr_context, ast.unaryop)
    JOINS = (ast.BoolOp, ast.Compare, ast.IfExp, ast.List, ast.Slice, ast.Tuple, ast.UnaryOp)

    def __init__(self, kind):
        self.kind = kind

    def is_plain(self, node):
        """Tell whether a node and all that is in it is plain."""
        judge = getattr(self, f"_judge_{type(node).__name__.lower()}", None)
        if judge:
            return judge(node)
        if isinstance(node, self.LEAVES):
            return True
        return isinstance(node, self.JOINS) and self._are_plain(ast.iter_child_nodes(node))

    def _are_plain(self, nodes):
        return all(self.is_plain(node) for node in nodes)

    def _judge_name(self, node):
        return not _is_way_out(node.id)

    def _judge_attribute(self, node):
        return not _is_way_out(node.attr) and self.is_plain(node.value)

    def _judge_dict(self, node):
        return None not in node.keys and self._are_plain([*node.keys, *node.values])

    def _judge_subscript(self, node):
        index = node.slice
        named = isinstance(index, ast.Constant) and isinstance(index.value, str)
        return self._are_plain([node.value, index]) and not (named and _is_way_out(index.value))

    def _judge_binop(self, node):
        if isinstance(node.op, ast.Mod):
            # A width would let one expression fill the memory.
            template = node.left.value if isinstance(node.left, ast.Constant) else None
            return isinstance(template, str) and bool(SIMPLE_FORMAT.fullmatch(template)) and self.is_plain(node.right)
        return isinstance(node.op, self.OPERATORS) and self._are_plain([node.left, node.right])

    def _judge_call(self, node):
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        unnamed = any(keyword.arg is None for keyword in node.keywords)
        return not unnamed and self._is_called(node) and self._are_plain(arguments)

    def _is_called(self, node):
        called = node.func
        if isinstance(called, ast.Name):
            # `key=` and the like would call what they are given.
            return called.id in CALLED[self.kind] and not (called.id in BUILTINS and node.keywords)
        is_date = isinstance(called, ast.Attribute) and called.attr in DATE_METHODS
        return is_date and self.kind == DOMAIN and self.is_plain(called.value) and _is_of_dates(called.value)


def _is_of_dates(node):
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return bool(names) and names <= DATE_ROOTS
