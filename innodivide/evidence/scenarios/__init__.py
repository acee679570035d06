"""What if, and what would it take: ranges conditional on named assumptions; nothing here is a forecast."""

from innodivide.evidence.scenarios.closing import closing_speed, closing_spread
from innodivide.evidence.scenarios.what_if import participation_scenarios, pipeline_dyads

__all__ = ["closing_speed", "closing_spread", "participation_scenarios", "pipeline_dyads"]
