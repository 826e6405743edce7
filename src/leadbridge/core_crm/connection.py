"""The wire to the core CRM: one HTTP session with explicit limits, and what each way of failing means."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from leadbridge.forwarding import Misconfigured, Outcome, Unavailable, Unclear

LARGEST_ANSWER = 4_000_000
"""Bytes. A confirmation with a full Log of 1,000 items stays below 1 MB; a larger answer is none of ours."""

_CHUNK = 65_536


class CallFailed(Exception):
    """A call ended before there was an answer to judge; ``outcome`` says how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An HTTP answer as it came."""

    status: int
    media_type: str  # lower case, without parameters
    body: bytes


class Connection:
    """One session: HTTP Basic, TLS verified, no redirects, no proxy or netrc from the environment.

    Timeouts are in seconds: ``connect_timeout`` for the connection, ``read_timeout`` for each wait on the answer;
    the answer as a whole must be there after both together. Not for several threads at once.
    """

    def __init__(
        self,
        *,
        username: str | None,
        password: str | None,
        connect_timeout: float,
        read_timeout: float,
        ca_file: str | None,
    ) -> None:
        self._timeouts = (connect_timeout, read_timeout)
        self._session = requests.Session()
        # What is called, and with whose password, is decided by our settings alone.
        self._session.trust_env = False
        self._session.verify = ca_file or True
        self._session.headers["User-Agent"] = "leadbridge"
        # A compressed answer could be a bomb; ours are small.
        self._session.headers["Accept-Encoding"] = "identity"
        if username is not None and password is not None:
            # As bytes, because requests would take text for Latin-1.
            self._session.auth = (username.encode(), password.encode())
        adapter = HTTPAdapter(max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def get(self, url: str) -> RawAnswer:
        """Read a document. Raises CallFailed; nothing can have happened over there, so never as Unclear."""
        try:
            return self._send("GET", url, body=None, headers={})
        except CallFailed as failed:
            if isinstance(failed.outcome, Unclear):
                raise CallFailed(Unavailable(failed.outcome.reason)) from failed
            raise

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        """Send a message. Raises CallFailed."""
        return self._send("POST", url, body=body, headers=headers)

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self._session.close()

    def _send(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str]) -> RawAnswer:
        deadline = monotonic() + sum(self._timeouts)
        try:
            with self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = b"".join(_limited(response, deadline))
                media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return RawAnswer(response.status_code, media_type, content)
        except requests.RequestException as error:
            raise CallFailed(_meaning(error)) from error


def _limited(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """The body, as long as it is plain, small and in time."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise CallFailed(Unclear("the answer is compressed, which was not asked for"))
    size = 0
    for chunk in response.iter_content(_CHUNK):
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise CallFailed(Unclear(f"the answer is larger than {LARGEST_ANSWER} bytes"))
        if monotonic() > deadline:
            raise CallFailed(Unclear("the answer did not end in time"))
        yield chunk


def _meaning(error: requests.RequestException) -> Outcome:
    """What a failed request means. Where it is not certain that nothing was sent, it is Unclear."""
    match error:
        case requests.exceptions.SSLError():
            if _caused_by(error, ssl.SSLCertVerificationError):
                return Misconfigured("the core CRM's certificate is not trusted")
            return Unclear("TLS failed")
        case requests.ConnectTimeout():
            return Unavailable("no connection in time")
        case requests.ReadTimeout():
            return Unclear("no answer in time")
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidSchema():
            return Misconfigured("the core CRM's address is not a URL that can be called")
        case requests.exceptions.MissingSchema():
            return Misconfigured("the core CRM's address is not a URL that can be called")
        case requests.ConnectionError() if _caused_by(error, NewConnectionError):
            return Unavailable("no connection: refused, unreachable, or no such host")
    return Unclear("the connection was lost after sending")


def _caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether an exception of this kind is among an exception's arguments, reasons and causes."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            return True
        if id(one) in seen:
            continue
        seen.add(id(one))
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        waiting += [each for each in inner if isinstance(each, BaseException)]
    return False
