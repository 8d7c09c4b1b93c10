"""Who may do what, in the words of the threat model."""

from enum import Enum


class Role(Enum):
    """One job. Nobody grants one to themself; `SYSTEM` is what the vault does on its own."""

    IMPORTER = "importer"
    HELPDESK = "helpdesk"
    AUDITOR = "auditor"
    CUSTODIAN = "custodian"
    ADMIN = "admin"
    SYSTEM = "the vault itself"
