"""The look from outside. Published means seen: the page with the release's title, and every document byte for byte.

Everything is fetched twice, as it comes and with stored copies bypassed, and must be right both times. A status code
proves nothing: an error page can come with 200, last year's file can lie at this year's address.

httpx is loaded by the first look: a rehearsal, which never looks, does not pay for it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from runbook.clock import Clock, SystemClock
from runbook.model.ports import Look, LookAt, Verdict

if TYPE_CHECKING:
    import ssl


class PublicEye:
    """An `Eye` on the web: as the public, not signed in, certificates checked.

    timeout      seconds to wait for an answer, each time
    within       seconds that a look may take in all
    ca_file      certificates (PEM) to trust besides the public ones, for a network that needs them
    content_api  where GOV.UK's Content API answers, `https://www.gov.uk/api/content`: asked about pages of the same
                 host. It helps to find documents and to explain; it never makes anything public or not.
    """

    def __init__(
        self,
        timeout: float = 10.0,
        ca_file: Path | None = None,
        content_api: str | None = None,
        *,
        within: float = 30.0,
        clock: Clock | None = None,
    ) -> None:
        self._timeout = timeout
        self._ca_file = ca_file
        self._content_api = content_api or ""
        self._within = within
        self._clock: Clock = clock or SystemClock()
        self._context: ssl.SSLContext | None = None

    def look(self, at: LookAt) -> Look:
        """Look once. Bounded: at most `within` seconds in all. Never raises."""
        if not at.page:
            return Look(Verdict.CANNOT_TELL, "No address is known yet.")
        from runbook.lookout.fetch import Fetcher, trust  # noqa: PLC0415 - loads httpx
        from runbook.lookout.looking import look_once  # noqa: PLC0415 - loads httpx

        try:
            self._context = self._context or trust(self._ca_file)
        except OSError as error:
            return Look(Verdict.CANNOT_TELL, f'The certificates in "{self._ca_file}" cannot be read: {error}.')
        try:
            with Fetcher(self._clock, self._within, self._timeout, self._context) as fetcher:
                return look_once(fetcher, at, self._content_api)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end a run; it is said, and nobody is misled
            return Look(Verdict.CANNOT_TELL, f"The look itself failed, which is a fault in runbook: {error!r}.")
