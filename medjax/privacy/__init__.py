"""Privacy, measured: the audit of a finished run, and the accounting of Gaussian releases."""

from medjax.privacy.auditing import audit
from medjax.privacy.gaussian import sigma
from medjax.privacy.result import AuditResult
from medjax.privacy.statistics.membership import Attack, Rate

__all__ = ["Attack", "AuditResult", "Rate", "audit", "sigma"]
