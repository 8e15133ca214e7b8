"""Privacy, measured: the audit of a finished run, and the accounting of Gaussian releases."""

from medjax.privacy.auditing import audit
from medjax.privacy.gaussian import sigma
from medjax.privacy.membership import Attack, Rate
from medjax.privacy.result import AuditResult

__all__ = ["Attack", "AuditResult", "Rate", "audit", "sigma"]
