"""
How somebody proves that an address is theirs.
"""

from zope.interface import Interface


class IThreepidValidation(Interface):
    """
    Validates e-mail addresses and telephone numbers, and says who has done it.
    """

    def request_token(
        medium, address, client_secret, send_attempt, purpose, mail, next_link=None
    ):
        """
        Send a token to an address, or the same again if the client asks for it
        with a higher C{send_attempt}.

        @param medium: C{"email"}, or C{"msisdn"}.
        @param address: in its one canonical form.
        @param client_secret: by which the client will be known.
        @param send_attempt: a number; one that was seen already sends nothing.
        @param purpose: what the proof will be good for, one of
            L{synauth.threepids}.
        @param mail: the L{synauth.homeserver.mails.Purpose} of the mail, C{None} to
            send nothing and answer all the same.
        @param next_link: where a browser goes after the link was opened.
        @return: a Deferred that fires with the session's id; errs with
            L{synauth.errors.LimitExceededError} if too much mail is waiting.
        """

    def proof_of(medium, creds):
        """
        Whether an address was validated.

        @param creds: the C{threepid_creds} of a client, unchecked: C{sid},
            C{client_secret}, perhaps C{id_server}.
        @return: a Deferred that fires with a
            L{synauth.threepids.Proof}, or with C{None}; errs with
            L{synauth.errors.MatrixError} 400 if C{creds} are not what they
            should be.
        """

    def proved_address(medium, proof, purpose):
        """
        How to use a proof up, which whoever makes something of one does.

        @param medium: as for L{proof_of}, which has fired with a proof.
        @param proof: what a stage proved: the C{address}, since when
            (C{validated_at}), and the client's C{threepid_creds}.
        @param purpose: what is made of it, one of L{synauth.threepids}.
        @return: a L{synauth.storage.records.ProvedAddress}.
        """


class IThreepidValidationStore(Interface):
    """
    Proofs under way and given.  Every method gives a Deferred.
    """

    def start_validation(attempt):
        """
        Begin a validation, or find the one that was begun with the same
        address and secret.  Forgets some that have expired.

        @param attempt: a L{synauth.storage.threepid_validation.Attempt}.
        @return: fires with C{(session id, whether to send)}: the token of the
            attempt is good only if it is to be sent.
        """

    def forget_attempt(session_id, send_attempt):
        """
        What was to be sent could not be: the same attempt may be made again.

        @return: fires with C{None}.
        """

    def validate(session_id, client_secret, token, now_ms):
        """
        The owner of an address has shown the token that was sent there, perhaps
        once more.

        @return: fires with the token's next link or C{None}; errs with
            L{synauth.errors.StoreError} 400 if these do not belong together or
            the token has expired.
        """

    def get_validation(session_id, client_secret, now_ms):
        """
        @return: fires with a L{synauth.threepids.Proof} that was B{given}, in the
            last day, or with C{None}; never with one under way.
        """
