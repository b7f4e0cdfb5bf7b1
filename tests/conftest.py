"""The real servers: started when a test first needs them, stopped when the last has ended."""

from collections.abc import Iterator

import pytest

from support import real_servers
from support.certificates import authority
from support.real_mail import Postfix
from support.real_news import WordPress


@pytest.fixture(scope="session")
def real_mail() -> Iterator[Postfix]:
    """Return Postfix."""
    if why := real_servers.why_not(real_servers.MAIL):
        pytest.skip(why)
    with Postfix(authority()) as mail:
        yield mail


@pytest.fixture(scope="session")
def real_news() -> Iterator[WordPress]:
    """Return WordPress."""
    if why := real_servers.why_not(real_servers.NEWS):
        pytest.skip(why)
    with WordPress(authority()) as news:
        yield news
