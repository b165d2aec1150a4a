"""What a lead watches the work with: alerts, who is told of them, and what the work costs."""

from annotation.oversight.models.webhooks import AlertKind, Delivery, Webhook

__all__ = ["AlertKind", "Delivery", "Webhook"]
