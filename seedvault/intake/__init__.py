"""The `Intake` port over `importers`."""

from seedvault.intake.seed_files import SeedFiles

__all__ = ["SeedFiles"]
