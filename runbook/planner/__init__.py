"""From files to a plan: everything resolved, rendered and measured before anything starts. Pure."""
