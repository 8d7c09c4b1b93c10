"""The `Intake` and `Outbox` ports over `importers`."""

from seedvault.intake.outbox import SeedFileOutbox, recipient_of
from seedvault.intake.seed_files import SeedFiles

__all__ = ["SeedFileOutbox", "SeedFiles", "recipient_of"]
