"""GitHub and GitLab: where changes come from, and where verdicts go. The only rooms that know their clients."""
