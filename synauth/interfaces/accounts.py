"""
What the daemon keeps and knows for users who manage their own accounts.
"""

from zope.interface import Interface


class IAccountChangeStore(Interface):
    """
    What users do to their accounts as a whole.  Every method gives a Deferred,
    and is one transaction.
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
        @param except_token_id: this access token and its refresh token stay.
        @param except_device_id: this device does.
        @param even_locked: whether the account may be locked, or not approved.
        @return: fires with the tokens that ended; errs with
            L{synauth.errors.StoreError}, 404 if there is no such account and
            403 C{M_USER_DEACTIVATED} if it is deactivated.
        """

    def deactivate_account(user_id, erase=False):
        """
        End an account: nobody gets in any more; its password, its devices and
        tokens, and its addresses are no more.

        @param erase: whether its profile goes too, and it is noted that it is
            to be erased.
        @return: fires with a L{synauth.storage.account_changes.Deactivated};
            errs with L{synauth.errors.StoreError} 404 if there is no such
            account.
        """
