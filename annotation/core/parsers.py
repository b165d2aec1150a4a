"""How request bodies of the API are read."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from annotation.core import strict_json
from annotation.core.errors import DomainError, TooLarge


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """The strict reader of `core.strict_json` in the place of DRF's tolerant one."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(strict_json.MAX_BYTES + 1)
        try:
            return strict_json.loads(body)
        except TooLarge:
            limit = f"The body is larger than {strict_json.MAX_BYTES:,} bytes."
            raise BodyTooLarge(limit) from None
        except DomainError as error:
            raise ParseError(str(error)) from None
