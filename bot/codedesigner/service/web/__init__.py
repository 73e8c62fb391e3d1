"""What the service says over HTTP: webhooks taken, health, metrics, the dashboard."""
