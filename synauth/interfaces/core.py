"""
What L{synauth.AuthHandler} is made of.
"""

from zope.interface import Attribute, Interface


class ISessionStore(Interface):
    """
    Sessions of user-interactive authentication.

    A session that was given out is a snapshot.  Each change is made by its own
    method, so that two requests of one session never undo each other; each
    marks the session as used now, and drops what has expired.

    Every method gives a Deferred.  Those that change a session err with
    L{synauth.errors.MatrixError} 400 if there is no such session (any more),
    and 413 C{M_TOO_LARGE} if it would grow beyond what one session may hold:
    it is then as it was.
    """

    def create(operation=None, clientdict=None, serverdict=None):
        """
        @param operation: what it is for: C{(method, path)}, or C{None} for
            anything.
        @param clientdict: the parameters of the request, without C{auth}.
        @param serverdict: what L{set_data} would keep with it, by key.
        @return: fires with a new L{synauth.auth.sessions.Session}.
        """

    def get(session_id):
        """
        @param session_id: what a client sent: any C{str}.
        @return: fires with a L{synauth.auth.sessions.Session}, or C{None} if
            there is none or it has expired.
        """

    def set_clientdict(session_id, clientdict):
        """
        Remember the parameters of a request in the place of earlier ones.
        Passwords among them are sealed.

        @return: fires with C{None}.
        """

    def add_cred(session_id, stage_type, result):
        """
        Note that a stage was completed.

        @param result: the identity that it proved.
        @return: fires with C{None}.
        """

    def set_data(session_id, key, value):
        """
        Keep something that the client neither sees nor changes.

        @return: fires with C{None}.
        """

    def claim(session_id):
        """
        Take a completed session for the one thing that it is good for.

        @return: fires with whether it was free: C{False} while somebody else
            has it and after L{finish}.
        """

    def release(session_id):
        """
        Give a claimed session back: what it was claimed for did not come about.

        @return: fires with C{None}.
        """

    def finish(session_id):
        """
        The session has done its work: passwords in it are dropped, and it can
        never be claimed again.

        @return: fires with C{None}.
        """

    def remove(session_id):
        """
        Forget a session; nothing happens if there is none.

        @return: fires with C{None}.
        """


class IStage(Interface):
    """
    One step of user-interactive authentication.
    """

    type = Attribute("The authentication type it serves: C{str}.")

    def params():
        """
        @return: what a client needs to know to take this step, a C{dict} that
            appears under the type in the challenge's C{params}; C{None} for
            nothing.
        """

    def check(authdict, clientip):
        """
        @param authdict: the client's C{auth} object; unchecked beyond being an
            object.
        @param clientip: the client's address: C{str}.
        @return: a Deferred that fires with the identity that was proved (it is
            kept in the session under the type and must be true and JSON), or
            with C{None}; it errs with L{synauth.errors.LoginError} if the
            client may try again, and with any other
            L{synauth.errors.MatrixError} if the request itself is wrong.
        """


class IHashPool(Interface):
    """
    Where password hashing is done: not on the reactor's thread.
    """

    def run(function, *args):
        """
        @return: a Deferred that fires with C{function(*args)}; it errs with
            L{synauth.errors.LimitExceededError} at once if too much is waiting
            already.
        """


class IPasswordHasher(Interface):
    """
    Password hashes.
    """

    def hash(password):
        """
        @param password: C{str}.
        @return: a Deferred that fires with the hash, C{str}; it errs with
            L{synauth.errors.LimitExceededError} if too many are waiting, and
            with L{synauth.errors.MatrixError} 400 C{M_INVALID_PARAM} for what
            can't be a password.
        """

    def verify(password, stored_hash):
        """
        Costs the same whether there is a hash or not.

        @param password: C{str}.
        @param stored_hash: C{str}, C{bytes} or C{None}.
        @return: a Deferred that fires with whether the hash is that
            password's: C{bool}.  A broken hash is nobody's.
        """

    def needs_rehash(stored_hash):
        """
        @return: whether a hash was made at a lower cost than is wanted today.
        """


class IPasswordChecker(Interface):
    """
    Says whose a password is.  Several can stand in line, see
    L{synauth.auth.login}.
    """

    def check_password(user_id, password):
        """
        @param user_id: a full id as the user typed it: C{str}.
        @param password: C{str}.
        @return: a Deferred that fires with the account's own user id, C{str},
            or with C{None} for a no; it may err with a
            L{synauth.errors.MatrixError}.
        """


class IRateLimiter(Interface):
    """
    A limit on how often something may happen to one key.  One that is counted
    elsewhere gives Deferreds, which fire with C{None} or err with what is raised
    here; see L{synauth.awaiting.awaiting}.
    """

    def check(key):
        """
        Ask without counting.

        @param key: any C{str}.
        @raise synauth.errors.LimitExceededError: if it may not happen now.
        """

    def hit(key):
        """
        Count one, or refuse.

        @raise synauth.errors.LimitExceededError: if it may not happen now;
            then nothing is counted.
        """

    def refund(key):
        """
        Take back one that was counted and, as it turned out, need not be.
        """


class IAuditLog(Interface):
    """
    One structured event per authentication outcome.
    """

    def record(
        success, method, reason, user_id, address, user_agent, device_id, actor=None
    ):
        """
        @param success: C{bool}.
        @param method: the login type or stage, or what else was done
            (C{"register"}, C{"logout"}, C{"refresh"}).
        @param reason: one word for a refusal, C{None} for a success.
        @param user_id: whom it is about, as far as that is known, or C{None}.
        @param address: the client's address: C{str}.
        @param user_agent: what the client calls itself, or C{None}.
        @param device_id: the device, or C{None}.
        @param actor: the administrator who does it to somebody else's account,
            or C{None}.
        """
