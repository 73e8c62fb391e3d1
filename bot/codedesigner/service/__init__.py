"""Reviews as a service: webhooks accepted, work kept and done by one process or many, and shown on a dashboard."""
