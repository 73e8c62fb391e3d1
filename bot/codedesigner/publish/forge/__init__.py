"""What is published on GitHub and GitLab, as values: places, bodies, marks, and what to do about what stands there."""
