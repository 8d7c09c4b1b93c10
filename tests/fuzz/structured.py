"""Files that have a format's shape without its sense: elements and rows of known words."""

from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import HOSTILE

_PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"


def generate(run: Callable[[bytes], None], words: Sequence[bytes], count: int, number: int) -> None:
    """Hand `count` made-up files to `run`, always the same ones for one `number`."""

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(_documents(words), _rows(words)))
    def each(octets: bytes) -> None:
        run(octets)

    each()


def _documents(words: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    names = st.sampled_from(
        sorted({word.decode() for word in words if word.isalnum() and word[:1].isalpha()})
    )
    texts = st.one_of(st.text(max_size=20), st.sampled_from(words).map(_text))
    escaped = texts.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))
    attributes = st.dictionaries(names, escaped.map(lambda text: text.replace('"', "")), max_size=3)

    def element(name: str, attributes: dict[str, str], within: str) -> str:
        written = "".join(f' {key}="{text}"' for key, text in attributes.items())
        return f"<{name}{written}>{within}</{name}>"

    tree = st.recursive(
        escaped,
        lambda inner: st.lists(st.builds(element, names, attributes, inner), max_size=4).map(
            "".join
        ),
        max_leaves=15,
    )
    roots = st.sampled_from(
        [f'<KeyContainer Version="1.0" xmlns="{_PSKC}">%s</KeyContainer>', "<Tokens>%s</Tokens>"]
    )
    return st.builds(lambda root, within: (root % within).encode("utf-8", "replace"), roots, tree)


def _rows(words: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    fields = st.one_of(st.sampled_from(words), st.sampled_from(HOSTILE), st.binary(max_size=12))
    separators = st.sampled_from([b",", b";", b"\t", b":"])
    ends = st.sampled_from([b"\n", b"\r\n"])
    table = st.lists(st.lists(fields, max_size=8), min_size=1, max_size=8)
    return st.builds(
        lambda rows, between, end: end.join(between.join(row) for row in rows),
        table,
        separators,
        ends,
    )


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace")
