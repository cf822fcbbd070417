"""
The forms that browsers send.
"""

from typing import Dict

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.web.query import parse_args
from synauth.web.request import FORM, SynauthRequest


def parse_form(request: SynauthRequest) -> Dict[str, str]:
    """
    @param request: the request; its size is bounded already.
    @return: the fields of the form that is its body.
    @raise MatrixError: 415 if it is no form of the simple kind (there are no
        files to send here), 400 C{M_INVALID_PARAM} if a field is there twice or
        is not text.
    """
    kind = request.getHeader(b"Content-Type") or b""
    if kind.split(b";")[0].strip().lower() != FORM:
        raise MatrixError(415, "Only %s is understood" % FORM.decode("ascii"))
    request.content.seek(0)
    body = request.content.read()
    form: Dict[str, str] = {}
    try:
        for name, values in (parse_args(body) if body else {}).items():
            if len(values) != 1 or b"\0" in values[0]:
                raise _invalid()
            form[name.decode("utf-8")] = values[0].decode("utf-8")
    except UnicodeDecodeError:
        raise _invalid()
    return form


def _invalid() -> MatrixError:
    return MatrixError(400, "The form is not as it should be", Codes.INVALID_PARAM)
