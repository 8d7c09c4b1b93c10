"""How any token computes: what is verified, and what is only kept."""

from seedvault.domain.oath import Counting, KeptParameters

Parameters = Counting | KeptParameters
