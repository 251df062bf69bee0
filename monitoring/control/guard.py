"""Who is let in: each request of the service names its operator by a token, and is short.

Checked before a body is read, so that a stranger can make the service do nothing but answer 401.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from stacks.topology.control import ControlService
from stacks.topology.errors import ColoError

BODY_BYTES_MAX = 64 * 1024
TOKEN_CHARACTERS_MIN = 32
OPEN_TO_ALL = ("/docs", "/openapi.json")  # they describe the service, and no engine


@dataclass(frozen=True)
class Guard:
    """The tokens of the declared operators, by name."""

    tokens: dict[str, bytes]

    @classmethod
    def read(cls, service: ControlService, folder: Path) -> Guard:
        """Read each operator's token from the file that its credential names; ColoError where that cannot be."""
        tokens = {operator.name: _token(folder / operator.credential.name) for operator in service.operators}
        if len(set(tokens.values())) < len(tokens):
            raise ColoError(f"{folder}: two operators have the same token")
        return cls(tokens)

    def operator(self, authorization: str) -> str | None:
        """Whose token it is; it takes as long for a wrong one as for a right one."""
        scheme, _, given = authorization.partition(" ")
        found = None
        for name, token in self.tokens.items():
            if hmac.compare_digest(given.strip().encode(), token) and scheme.lower() == "bearer":
                found = name
        return found

    async def __call__(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Let a request through with its operator, or answer why not."""
        if request.url.path not in OPEN_TO_ALL:
            operator = self.operator(request.headers.get("authorization", ""))
            if operator is None:
                sentence = "no operator's token: send the header Authorization: Bearer TOKEN"
                return JSONResponse({"error": sentence}, 401, {"WWW-Authenticate": "Bearer"})
            request.state.operator = operator
        length = request.headers.get("content-length", "0")
        if "transfer-encoding" in request.headers or not length.isdigit() or int(length) > BODY_BYTES_MAX:
            return JSONResponse({"error": f"body: has no stated length, or more than {BODY_BYTES_MAX} bytes"}, 413)
        return await call_next(request)


def _token(file: Path) -> bytes:
    try:
        if file.stat().st_mode & 0o077:
            raise ColoError(f"{file}: holds a token and can be read by others; chmod 600 it")
        token = file.read_text().strip()
    except OSError as error:
        raise ColoError(f"{file}: an operator's token cannot be read: {error.strerror}") from None
    if len(token) < TOKEN_CHARACTERS_MIN:
        raise ColoError(f"{file}: a token has at least {TOKEN_CHARACTERS_MIN} characters")
    return token.encode()
