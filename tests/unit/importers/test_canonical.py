"""Where canonical text is settled by the standard's letter rather than by comparison."""

from io import BytesIO

import pytest

from importers import ImporterError, LimitExceeded, Limits, Malformed
from importers.canonical import Canonical, Form, Method, Part
from importers.source import Source

SIGNATURE = '<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#">value</s:Signature>'


def canonical(
    document: str, part: Part = Part.WITHOUT_SIGNATURE, limits: Limits | None = None
) -> str:
    source = Source(BytesIO(document.encode()), "any.xml", limits or Limits())
    pieces = Canonical(source, Form(Method.INCLUSIVE), part).octets()
    return b"".join(pieces).decode()


def test_an_ampersand_in_a_declaration_is_escaped_as_in_any_attribute() -> None:
    # Canonical XML section 2.3; libxml2 does not.
    assert canonical('<a xmlns="urn:1&amp;2"/>') == '<a xmlns="urn:1&amp;2"></a>'


def test_what_the_parser_hands_on_in_pieces_is_written_as_one() -> None:
    text = "é" * 200_000
    assert canonical(f"<a>{text}</a>") == f"<a>{text}</a>"


def test_the_signature_is_taken_out_and_what_stands_around_it_stays() -> None:
    assert canonical(f"<a>\n <b/>\n {SIGNATURE}\n</a>") == "<a>\n <b></b>\n \n</a>"


def test_the_signature_is_written_alone_in_the_roots_tags() -> None:
    document = f'<a xmlns="urn:1" Id="x"> <b>text</b><?p?> {SIGNATURE} <c/></a>'
    assert canonical(document, Part.SIGNATURE) == f'<a xmlns="urn:1" Id="x">{SIGNATURE}</a>'


def test_instructions_outside_the_root_stand_on_lines_of_their_own() -> None:
    # Canonical XML section 2.3, "Processing Instruction Nodes".
    assert canonical("<?p q?><a><?r?></a> <?s?>") == "<?p q?>\n<a><?r?></a>\n<?s?>"


def test_an_undeclared_prefix_is_refused() -> None:
    with pytest.raises(Malformed, match="not well-formed"):
        canonical("<p:a/>")


def test_a_signature_as_the_root_is_refused() -> None:
    with pytest.raises(Malformed, match="elsewhere"):
        canonical(SIGNATURE)


@pytest.mark.parametrize("start", ["<!--", '<a b="', "<?p "])
def test_what_never_ends_is_not_kept(start: str) -> None:
    with pytest.raises(LimitExceeded, match="ends within"):
        canonical(f"<a>{start}{'x' * 400_000}", limits=Limits(package_octets=100_000))


def test_the_line_of_what_is_refused_is_told() -> None:
    with pytest.raises(ImporterError) as caught:
        canonical(f"<a>\n\n{SIGNATURE}\n{SIGNATURE}</a>")
    assert caught.value.line == 4
