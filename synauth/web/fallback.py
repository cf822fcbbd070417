"""
C{GET} and C{POST /auth/{stage}/fallback/web} (specification, "Fallback"): the
stages of user-interactive authentication for clients that can't show them
themselves.
"""

from typing import Optional

from twisted.internet.defer import inlineCallbacks

from synauth.auth.ratelimit import address_key
from synauth.auth.sessions import Session
from synauth.awaiting import Steps, awaiting
from synauth.constants import Codes, LoginType
from synauth.errors import LimitExceededError, MatrixError
from synauth.homeserver.server import HomeServer
from synauth.web.auditing import audit
from synauth.web.fallback_stages import FallbackPage, fallback_pages, user_of
from synauth.web.form import parse_form
from synauth.web.page import Page, answers_pages, make_page, with_headers_of
from synauth.web.query import query_arg
from synauth.web.request import SynauthRequest

# Where a form goes, for templates that name it: to where its page is, under
# whatever path a proxy shows it.
_URL = "?"


class FallbackEndpoint:
    """
    Shows a page for each stage.  Who knows the id of a session may take a stage
    of it; nothing else tells one browser from another, so there is nothing that
    another site could make a browser do.

    @param hs: the server.
    @ivar templates: those of the pages.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self.templates = hs.templates
        self._pages = fallback_pages(hs)
        self._passwords = hs.rate_limiter(
            hs.config.rc_login_address, "rc_login.address"
        )
        self._others = hs.rate_limiter(hs.config.rc_registration, "rc_registration")

    @answers_pages
    @inlineCallbacks
    def show(self, request: SynauthRequest, stage: str) -> Steps[Page]:
        """
        Ask for what a stage needs.
        """
        page = self._page(stage)
        session = yield self._session(stage, query_arg(request, "session"))
        if stage in session.creds:
            return self._done()
        return self._form(stage, page, session)

    @answers_pages
    @inlineCallbacks
    def submit(self, request: SynauthRequest, stage: str) -> Steps[Page]:
        """
        Take a stage.
        """
        page = self._page(stage)
        form = parse_form(request)
        session_id = form.get("session") or query_arg(request, "session")
        session = yield self._session(stage, session_id)
        if page.answer is None or stage in session.creds:
            # Nothing to take here, or taken already.
            return self._done()
        try:
            answer = dict(page.answer(session, form), session=session.id)
            yield self._take(request, stage, answer)
        except MatrixError as error:
            audit(self._hs.audit, request, stage, error, user_id=_claimed(session))
            return self._refused(stage, page, session, error)
        audit(self._hs.audit, request, stage, user_id=_claimed(session))
        return self._done()

    @inlineCallbacks
    def _take(self, request: SynauthRequest, stage: str, answer: dict) -> Steps[None]:
        """
        Only what is wrong counts against an address.
        """
        limiter = self._passwords if stage == LoginType.PASSWORD else self._others
        address = address_key(request.client_address())
        yield awaiting(limiter.hit, address)
        taken = yield self._hs.auth_handler.add_oob_auth(
            stage, answer, request.client_address()
        )
        if not taken:
            raise MatrixError(401, "That was not right", Codes.UNAUTHORIZED)
        yield awaiting(limiter.refund, address)

    def _page(self, stage: str) -> FallbackPage:
        page = self._pages.get(stage)
        if page is None:
            raise MatrixError(404, "There is no such page", Codes.NOT_FOUND)
        return page

    @inlineCallbacks
    def _session(self, stage: str, session_id: Optional[str]) -> Steps[Session]:
        if not session_id:
            raise MatrixError(400, "The session is missing", Codes.MISSING_PARAM)
        session = yield self._hs.auth_handler.interactive.session_with(
            stage, session_id
        )
        return session

    def _form(
        self,
        stage: str,
        page: FallbackPage,
        session: Session,
        code: int = 200,
        error: Optional[str] = None,
    ) -> Page:
        return make_page(
            self.templates,
            page.template,
            code,
            page.script_origins,
            session=session.id,
            myurl=_URL,
            error=error,
            **page.values(session),
        )

    def _refused(
        self, stage: str, page: FallbackPage, session: Session, error: MatrixError
    ) -> Page:
        """
        The same page once more, which is a success as far as HTTP goes; a
        program is told only when to come back.
        """
        if isinstance(error, LimitExceededError):
            again = self._form(stage, page, session, error.code, error.msg)
            return with_headers_of(error, again)
        return self._form(stage, page, session, 200, error.msg)

    def _done(self) -> Page:
        return make_page(self.templates, "auth_success.html")


def _claimed(session: Session) -> Optional[str]:
    return user_of(session) or None
