"""How any token computes: what is verified, and what is only kept."""

from seedvault.domain.oath import Counting, KeptParameters
from seedvault.domain.ocra_suite import OcraParameters

Parameters = Counting | OcraParameters | KeptParameters
