"""
What the daemon keeps and knows for users who manage their own accounts.
"""

from zope.interface import Interface


class IAccountChangeStore(Interface):
    """
    What users do to their accounts as a whole.  Every method gives a Deferred,
    and is one transaction.

    Where the login is named that asks, by the row of its access token, and it has
    ended meanwhile, nothing happens, and the Deferred errs with
    L{synauth.errors.InvalidTokenError}: who was thrown out does not win by a
    request that was under way.  C{None}, or 0, is nobody's login.
    """

    def change_password(
        user_id,
        password_hash,
        end_logins=True,
        except_token_id=None,
        except_device_id=None,
        even_locked=False,
    ):
        """
        @param end_logins: whether all devices and tokens go.
        @param except_token_id: this access token and its refresh token stay: it is
            who asks.
        @param except_device_id: this device does.
        @param even_locked: whether the account may be locked, or not approved.
        @return: fires with the tokens that ended; errs with
            L{synauth.errors.StoreError}, 404 if there is no such account and
            403 C{M_USER_DEACTIVATED} if it is deactivated.
        """

    def reset_password(user_id, password_hash, end_logins, proved, now_ms):
        """
        Use a proof up and give the owner of its address another password.

        @param end_logins: whether all devices and tokens go.
        @param proved: a L{synauth.storage.records.ProvedAddress}.
        @return: as L{change_password}; errs with
            L{synauth.errors.StoreError} 403 too, if the proof is not there to be
            used or the address is not the account's.
        """

    def deactivate_account(user_id, erase=False, access_token_id=None):
        """
        End an account: nobody gets in any more; its password, its devices and
        tokens, and its addresses are no more.

        @param erase: whether its profile goes too, and it is noted that it is
            to be erased.
        @param access_token_id: who asks.
        @return: fires with a L{synauth.storage.account_changes.Deactivated};
            errs with L{synauth.errors.StoreError} 404 if there is no such
            account.
        """
