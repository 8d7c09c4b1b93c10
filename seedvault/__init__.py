"""Seedvault: hardware OTP tokens taken over from the maker's seed file, verified inside an HSM."""

__version__ = "0.1.0"
