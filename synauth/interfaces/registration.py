"""
What the daemon keeps for registration.
"""

from zope.interface import Interface


class IRegistrationTokenStore(Interface):
    """
    Tokens that let people register.  Every method gives a Deferred.

    A session of user-interactive authentication I{holds} a use of a token from
    when it has shown it until its account is made, or until it has ended.
    """

    def get_registration_tokens(now_ms, valid=None):
        """
        @param valid: only those that can be used now, or only the others.
        @return: fires with a list of
            L{synauth.storage.registration_tokens.RegistrationToken}.
        """

    def get_registration_token(token, now_ms):
        """
        @return: fires with one, or with C{None}.
        """

    def create_registration_token(token, uses_allowed, expiry_time):
        """
        @param uses_allowed: C{None} for any number.
        @param expiry_time: in ms, or C{None}.
        @return: fires with whether there was none of that name.
        """

    def update_registration_token(token, changes):
        """
        @param changes: C{uses_allowed} and C{expiry_time}, or one of them.
        @return: fires with whether there is such a token.
        """

    def delete_registration_token(token):
        """
        Sessions that hold it lose it.

        @return: fires with whether there was such a token.
        """

    def hold_registration_token(token, session_id, now_ms, expires_ms):
        """
        Have a session hold a use.  One that does already keeps it.

        @param expires_ms: when it gives it back at the latest.
        @return: fires with whether there was one to be had.
        """

    def get_registration_holders(token, now_ms):
        """
        @return: fires with the ids of the sessions that hold the token, those
            that have done so for longest first, and not very many.
        """

    def release_registration_tokens(session_ids):
        """
        Give back what these sessions hold.

        @return: fires with C{None}.
        """
