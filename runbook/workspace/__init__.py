"""The organisation's folder: settings, who holds which role, contact lists, secrets, and the shipped playbooks."""
