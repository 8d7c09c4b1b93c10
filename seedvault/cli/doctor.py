"""`seedvault doctor`."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path

import click

from seedvault import config, wiring
from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import Session, json_option
from seedvault.service.examination import Examination, Finding

_WIDTH = 78
_NAME = 15
_OUTCOME = 7
_CHECK = 32


@click.command("doctor")
@click.option(
    "--module", type=click.Path(path_type=Path), help="A PKCS#11 library; default: the vault's."
)
@click.option("--token-label", help="The PKCS#11 token's label in that module.")
@click.option(
    "--pin-file", type=click.Path(path_type=Path), help="Where that PKCS#11 token's PIN stands."
)
@json_option
@click.pass_obj
def command(
    session: Session, *, module: Path | None, token_label: str | None, pin_file: Path | None
) -> int:
    """Examine the HSM, and say what it is good for: a report to be filed.

    Every mechanism is tried with throw-away keys, and so is what a thief with the PIN would try.
    Nothing is changed and nothing stays, so a module may be examined before there is a vault.

    \b
    Examples:
      seedvault doctor
      seedvault doctor --module /path/lib.so --token-label LABEL --pin-file FILE
      seedvault doctor --json
    """
    if module is None and (token_label or pin_file):
        raise click.UsageError("--token-label and --pin-file need --module beside them")
    if module is not None and not (token_label and pin_file):
        raise click.UsageError("--module needs --token-label and --pin-file beside it")
    settings = config.load(session.home)
    if module is not None and token_label and pin_file:
        settings = replace(
            settings,
            module=module.absolute(),
            token_label=token_label,
            token_serial=None,
            pin_file=pin_file.absolute(),
        )
    found = wiring.examine(settings)
    if session.as_json:
        output.document("doctor", _document(found))
    else:
        click.echo("\n".join(report(found)))
    return Exit.DONE if found.is_fit else Exit.DECIDED_NO


def report(found: Examination) -> Iterator[str]:
    """The examination as lines of text, no wider than a page."""
    yield "EXAMINATION OF AN HSM FOR SEEDVAULT"
    yield ""
    yield from _fields(_what(found))
    yield ""
    yield from _fields(_verdicts(found))
    for topic, findings in groupby(found.findings, key=lambda each: each.topic):
        yield ""
        yield f"The module {topic}:" if topic != "inside itself" else "Inside itself, it:"
        for finding in findings:
            yield from _told(finding)
    yield ""
    yield from _weak(found)
    yield ""
    verdict = f"VERDICT  {_verdict(found)}"
    yield from textwrap.wrap(verdict, _WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False)
    yield ""
    yield "Examined by ______________________________  Signature ___________________"


def _what(found: Examination) -> Iterator[tuple[str, str]]:
    module = found.module
    yield "date", output.local(found.at)
    yield "library", module.library
    yield "module", f"{module.manufacturer}, {module.description}, version {module.version}"
    yield "PKCS#11 token", f"{module.token_label}, serial number {module.token_serial or 'none'}"
    yield "", f"{module.token_manufacturer} {module.token_model}, firmware {module.firmware}"
    kept = (
        "software: they lie in files, and while it works in this process's memory"
        if module.is_software
        else "not known to be software"
    )
    yield "keys", kept


def _verdicts(found: Examination) -> Iterator[tuple[str, str]]:
    yield (
        "import",
        {
            "A": "tier A: seeds under AES-CBC with a value MAC never leave the module",
            "B": "tier B: seeds pass through one locked page of this process's memory",
        }.get(found.import_tier.value, f"tier {found.import_tier.value}"),
    )
    yield (
        "verification",
        (
            "tier A: codes are computed in the module"
            if found.verify_tier
            else "none: tier C, computing outside the module, is not offered"
        ),
    )
    yield "asked for", f"tier {found.min_tier.value} or better (min_tier)"
    yield "FIPS", _fips(found.unapproved)
    yield "blobs", found.blob_format or "none: it wraps no keys"
    yield "by software", ", ".join(found.by_software) or "nothing"


def _fips(unapproved: tuple[str, ...] | None) -> str:
    if unapproved is None:
        return "not asked for (require_fips)"
    if unapproved:
        return f"asked for (require_fips): {'; '.join(unapproved)}"
    return "asked for (require_fips): nothing stands against it that can be told"


def _told(finding: Finding) -> list[str]:
    begun = f"  {finding.outcome:{_OUTCOME}}{finding.name:{_CHECK}} "
    code = f" ({finding.code})" if finding.code else ""
    return textwrap.wrap(
        f"{finding.meaning}{code}",
        _WIDTH,
        initial_indent=begun,
        subsequent_indent=" " * len(begun),
        break_on_hyphens=False,
    )


def _weak(found: Examination) -> Iterator[str]:
    if not found.weaknesses:
        yield "Weaknesses: none was found."
        return
    yield "Weaknesses" + (", accepted for this vault:" if found.weaknesses_accepted else ":")
    for each in found.weaknesses:
        yield from textwrap.wrap(
            f"{each.word}: {each.meaning}", _WIDTH, initial_indent="  - ", subsequent_indent="    "
        )


def _verdict(found: Examination) -> str:
    if found.lacking:
        return f"unfit: it lacks {', '.join(found.lacking)}. It cannot hold a vault."
    if found.is_below:
        return (
            f"unfit here: it imports by tier {found.import_tier.value}, and min_tier = "
            f'"{found.min_tier.value}" asks for better.'
        )
    if found.unapproved:
        return f"unfit here, under require_fips: {'; '.join(found.unapproved)}."
    if found.weaknesses and not found.weaknesses_accepted:
        return "fit, if its weaknesses are accepted: seedvault init --accept-weaknesses."
    return "fit to hold a vault."


def _fields(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in pairs:
        yield from textwrap.wrap(
            value,
            _WIDTH,
            initial_indent=name.ljust(_NAME),
            subsequent_indent=" " * _NAME,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _document(found: Examination) -> dict[str, object]:
    return {
        "at": found.at,
        "module": asdict(found.module),
        "import_tier": found.import_tier.value,
        "verify_tier": found.verify_tier.value if found.verify_tier else None,
        "min_tier": found.min_tier.value,
        "unapproved": None if found.unapproved is None else list(found.unapproved),
        "blob_format": found.blob_format,
        "by_software": list(found.by_software),
        "checks": [asdict(each) for each in found.findings],
        "weaknesses": [asdict(each) for each in found.weaknesses],
        "weaknesses_accepted": found.weaknesses_accepted,
        "lacking": list(found.lacking),
        "fit": found.is_fit,
    }
