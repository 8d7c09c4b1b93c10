"""An examination by `hsm` in the vault's words."""

from dataclasses import asdict
from datetime import datetime

import hsm
from seedvault.domain.batch import Tier
from seedvault.service.examination import Examination, ExaminedModule, Finding, Frailty

_FORMATS = {
    hsm.BlobFormat.AES_KW: "AES key wrap (RFC 3394)",
    hsm.BlobFormat.AES_KWP: "padded AES key wrap (RFC 5649)",
    hsm.BlobFormat.AES_CBC_PAD: "AES-CBC-PAD, which the row's seal alone protects",
}


def examination(report: hsm.Report, at: datetime, min_tier: Tier, *, accepted: bool) -> Examination:
    """`accepted`: the vault's configuration says that its module's weaknesses were accepted."""
    wrapping, verify = report.wrapping, report.verify_tier
    facts = asdict(report.facts) | {"library": str(report.facts.library)}
    return Examination(
        at=at,
        module=ExaminedModule(**facts, is_software=report.facts.is_software),
        findings=tuple(
            Finding(each.topic.value, each.name, each.outcome.value, each.code, each.meaning)
            for each in report.checks
        ),
        import_tier=Tier(report.import_tier.value),
        verify_tier=Tier(verify.value) if verify else None,
        min_tier=min_tier,
        blob_format=f"{_FORMATS[wrapping.format]}, {wrapping.number:#x}" if wrapping else None,
        weaknesses=tuple(Frailty(each.word, each.meaning) for each in report.weaknesses),
        weaknesses_accepted=accepted,
        lacking=report.lacking,
        by_software=tuple(str(cipher) for cipher in report.by_software),
    )
