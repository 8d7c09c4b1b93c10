"""Canonical XML as written here is what lxml's (libxml2's) is, for any document."""

from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from importers import Limits
from importers.canonical import Canonical, Form, Method, Part
from importers.source import Source

NAMES = st.sampled_from(["a", "b", "Z", "é", "_1"])
# No ampersand: libxml2 leaves it as it is in a declaration, and what it writes is then no XML.
URIS = st.sampled_from(["urn:1", "urn:2", "http://x/?a=1"])
TEXTS = st.sampled_from(
    ["", "x", " \n\t ", "&amp;&lt;&gt;&quot;", "]]", "é€𝄞", "&#13;", "\r\n", "<![CDATA[<&>]]>",
     "<!-- c -->", "a<!-- -->b", "<?pi?>", "<?pi some  words ?>", "'"]
)  # fmt: skip
VALUES = st.sampled_from(
    ["", "v", " two  words ", "&#9;&#10;&#13;", "&quot;'&lt;&gt;&amp;", "é\n\t"]
)
DEFAULT = st.sampled_from([None, None, "", "urn:1", "urn:3"])


@st.composite
def elements(draw: st.DrawFn, depth: int = 0, bound: frozenset[str] = frozenset()) -> str:
    """An element: prefixes are declared before they are used; declarations come and go."""
    declared = draw(st.dictionaries(st.sampled_from(["p", "q", "ds", "unused"]), URIS, max_size=3))
    bound |= declared.keys()
    usable = st.sampled_from(sorted(bound - {"unused"}) or [""])
    prefix = draw(st.one_of(st.just(""), usable))
    name = f"{prefix}:{draw(NAMES)}" if prefix else draw(NAMES)
    attributes = [f' xmlns:{each}="{uri}"' for each, uri in declared.items()]
    default = draw(DEFAULT)
    if default is not None:
        attributes.append(f' xmlns="{default}"')
    plain = draw(st.lists(st.one_of(NAMES, st.just("xml:lang")), unique=True, max_size=4))
    attributes += [f' {each}="{draw(VALUES)}"' for each in plain]
    if (qualifier := draw(usable)) and draw(st.booleans()):
        attributes.append(f' {qualifier}:{draw(NAMES)}="{draw(VALUES)}"')
    within = [draw(TEXTS)]
    for _ in range(draw(st.integers(0, 3)) if depth < 3 else 0):
        within += [draw(elements(depth + 1, bound)), draw(TEXTS)]
    shuffled = "".join(draw(st.permutations(attributes)))
    return f"<{name}{shuffled}>{''.join(within)}</{name}>"


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    before = draw(st.sampled_from(["", "<?xml version='1.0'?>\n", "<?p q?>\n\n", "<!-- c -->"]))
    after = draw(st.sampled_from(["", "\n", "<!-- c -->\n<?p?>", " <?p q?><?r?> "]))
    return f"{before}{draw(elements())}{after}".encode()


def ours(document: bytes, form: Form) -> bytes:
    source = Source(BytesIO(document), "any", Limits())
    return b"".join(Canonical(source, form, Part.WITHOUT_SIGNATURE).octets())


def theirs(document: bytes, form: Form) -> bytes:
    parser = etree.XMLParser(resolve_entities=False)
    octets: bytes = etree.tostring(
        etree.ElementTree(etree.fromstring(document, parser)),
        method="c14n",
        exclusive=form.method is Method.EXCLUSIVE,
        with_comments=False,
        inclusive_ns_prefixes=sorted(form.inclusive) or None,
    )
    return octets


@settings(max_examples=400)
@given(documents())
def test_the_inclusive_form(document: bytes) -> None:
    form = Form(Method.INCLUSIVE)
    assert ours(document, form) == theirs(document, form)


@settings(max_examples=400)
@given(documents(), st.frozensets(st.sampled_from(["p", "q", "unused", "nowhere"])))
def test_the_exclusive_form(document: bytes, inclusive: frozenset[str]) -> None:
    form = Form(Method.EXCLUSIVE, inclusive)
    assert ours(document, form) == theirs(document, form)
