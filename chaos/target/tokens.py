"""What a stack's secret signs, in the form that docs/architecture.md gives."""

from dataclasses import dataclass, field
from typing import Any

from itsdangerous import URLSafeTimedSerializer


@dataclass(frozen=True, slots=True)
class StackTokens:
    """Signs with the stack's `secret`."""

    secret: str = field(repr=False)

    def sign(self, purpose: str, value: dict[str, Any]) -> str:
        return str(URLSafeTimedSerializer(self.secret, salt=f"beluga.{purpose}").dumps(value))

    @property
    def bearer(self) -> dict[str, str]:
        """Headers of a call between services; good for five minutes."""
        token = self.sign("service", {"account": "rehearsal", "role": "admin", "machine": True})
        return {"Authorization": f"Bearer {token}"}
