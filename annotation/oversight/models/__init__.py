"""What a lead watches the work with: alerts, who is told of them, and what the work costs."""

from annotation.oversight.models.alerts import Alert, AlertTurn
from annotation.oversight.models.pay import MemberRate, Pay
from annotation.oversight.models.webhooks import AlertKind, Delivery, Webhook

__all__ = ["Alert", "AlertKind", "AlertTurn", "Delivery", "MemberRate", "Pay", "Webhook"]
