"""Names made of keys: the same key always gives the same name, two keys never share one."""

import hashlib
import re


def safe_name(key: str, longest: int = 100) -> str:
    """Return `key` as letters, digits, `_` and `-`, at most `longest` (20 or more) characters.

    A key that has to be changed for that has twelve digits of its SHA-256 added.
    """
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", key).strip("-") or "key"
    if safe == key and len(safe) <= longest:
        return safe
    return f"{safe[: longest - 13]}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
