"""Whether a zone is known. On its own, since finding the one that was meant reads the whole list of them."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from runbook.loader.explain import meant
from runbook.loader.reader import Findings
from runbook.model.problem import Path


def check_zone(name: str, path: Path, findings: Findings) -> bool:
    """Tell whether `name` is a zone of the IANA database; if not, note it."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = meant(name, available_timezones())
        remedy = f'Did you mean "{near}"?' if near else 'Write an IANA name, such as "Europe/London".'
        findings.add(path, "unknown-zone", f'There is no zone "{name}".', remedy)
        return False
    return True
