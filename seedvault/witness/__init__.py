"""Copies of the audit log outside the database: a file that only grows, and syslog."""

from seedvault.witness.export_file import JsonLinesFile
from seedvault.witness.reading import ExportReader
from seedvault.witness.syslog import Origin, SyslogCopies
from seedvault.witness.syslog_place import syslog_place

__all__ = ["ExportReader", "JsonLinesFile", "Origin", "SyslogCopies", "syslog_place"]
