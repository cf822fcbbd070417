"""
What the daemon keeps.
"""

from zope.interface import Interface


class IAccountStore(Interface):
    """
    Accounts.  Every method gives a Deferred.
    """

    def create_user(account, login=None):
        """
        Make an account, and its first login, in one transaction.

        @param account: a L{synauth.storage.records.NewAccount}.
        @param login: a L{synauth.storage.records.NewLogin}, or C{None}.
        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 400
            C{M_USER_IN_USE} if an account has that id, in whatever case.
        """

    def get_user(user_id):
        """
        @param user_id: the exact id.
        @return: fires with a L{synauth.storage.records.Account} or C{None}.
        """

    def get_users_by_id_case_insensitive(user_id):
        """
        @return: fires with C{{user id: password hash or None}}; found by an
            index.
        """

    def user_set_password_hash(user_id, password_hash):
        """
        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 404
            if there is no such account.
        """

    def replace_password_hash(user_id, old_hash, new_hash):
        """
        Put a stronger hash of the same password in the place of an older one,
        unless the password has been changed meanwhile.

        @return: fires with whether it was replaced.
        """

    def user_add_threepid(user_id, medium, address, validated_at, added_at):
        """
        Bind an address to an account; a binding of the same address is
        replaced.

        @return: fires with C{None}.
        """


class ITokenStore(Interface):
    """
    Access and refresh tokens.  Every method gives a Deferred.

    Methods that end tokens fire with what they ended, a list of
    L{synauth.storage.records.EndedToken}.
    """

    def add_login(login):
        """
        Remember a login: its device (made if new; its older tokens end), its
        access token and, if it has one, its refresh token, in one transaction.

        @param login: a L{synauth.storage.records.NewLogin}.
        @return: fires with the tokens of the same device that ended; errs with
            L{StoreError<synauth.errors.StoreError>} 403
            C{M_RESOURCE_LIMIT_EXCEEDED} if that would be a device too many, and
            with L{PasswordChangedError<synauth.errors.PasswordChangedError>} if
            the account has another password than the one that was given.
        """

    def add_access_token_to_user(user_id, token, device_id=None, valid_until_ms=None):
        """
        @return: fires with C{None}.
        """

    def add_refresh_token_to_user(user_id, token, device_id=None):
        """
        @return: fires with C{None}.
        """

    def get_user_by_access_token(token):
        """
        @param token: what a client sent.
        @return: fires with a L{synauth.storage.records.TokenInfo} or C{None};
            expired tokens are found too.
        """

    def mark_access_token_as_used(user_id, token_id):
        """
        Note that a client holds this token: the refresh token that it
        supersedes is no longer good.

        @param user_id: whose token it is.
        @param token_id: its row id.

        @return: fires with C{None}.
        """

    def get_access_token_last_validated(token_id):
        """
        @param token_id: its row id.
        @return: fires with when its user last authenticated with it, in ms: the
            login counts, a refresh does not.  C{None} if there is no such
            token, or nobody knows.
        """

    def update_access_token_last_validated(token_id, now_ms):
        """
        Note that the user of a token has authenticated.

        @return: fires with C{None}.
        """

    def get_refresh_token(token):
        """
        @return: fires with a L{synauth.storage.records.RefreshToken} or
            C{None}.
        """

    def rotate_refresh_token(rotation):
        """
        Put new tokens in the place of a refresh token, in one transaction.
        The successors of an earlier rotation that no client has used yet end.

        @param rotation: a L{synauth.storage.records.Rotation}.
        @return: fires with whether it was done: C{False} if the old token does
            not exist (any more) or its successor was used already.
        """

    def delete_access_token(token):
        """
        @return: fires with a list of the token that ended, if there was one.
        """

    def user_delete_access_tokens(user_id, except_token_id=None, device_id=None):
        """
        End a user's access and refresh tokens.

        @param except_token_id: this access token and its refresh token stay.
        @param device_id: only those of this device.
        @return: fires with those that ended.
        """


class IDeviceStore(Interface):
    """
    Devices.  Every method gives a Deferred.
    """

    def get_device(user_id, device_id):
        """
        @return: fires with a L{synauth.storage.records.Device} or C{None}.
        """

    def get_devices_by_user(user_id):
        """
        @return: fires with a list of L{synauth.storage.records.Device}, by
            their ids.
        """

    def update_device(user_id, device_id, display_name=None):
        """
        Give a device another name.

        @param display_name: C{None} to leave it as it is.
        @return: fires with whether there is such a device.
        """

    def record_device_seen(user_id, device_id, seen_ms, ip, user_agent):
        """
        Note that a device was here; nothing happens if there is none.

        @param ip: where it called from.
        @param user_agent: what it calls itself, or C{None}.
        @return: fires with C{None}.
        """

    def store_device(user_id, device_id, display_name=None):
        """
        Make a device unless there is one.

        @return: fires with whether it is new.
        """

    def delete_devices(user_id, device_ids):
        """
        Remove devices and end their tokens, in one transaction.

        @param device_ids: a list of ids; unknown ones are passed over.
        @return: fires with the tokens that ended.
        """

    def delete_all_devices(user_id):
        """
        Remove all devices of a user and end all tokens, also those without a
        device.

        @return: fires with the tokens that ended.
        """


class IProfileStore(Interface):
    """
    What users call themselves.  Every method gives a Deferred.
    """

    def get_profile(localpart):
        """
        @return: fires with a L{synauth.storage.profiles.Profile}, or C{None}.
        """

    def set_profile_displayname(localpart, displayname):
        """
        @param displayname: C{None} for none.
        @return: fires with C{None}.
        """

    def set_profile_avatar_url(localpart, avatar_url):
        """
        @param avatar_url: C{None} for none.
        @return: fires with C{None}.
        """


class IThreepidStore(Interface):
    """
    The addresses of accounts.  Every method gives a Deferred.
    """

    def get_user_id_by_threepid(medium, address):
        """
        @param address: in its one canonical form.
        @return: fires with a user id, or C{None}.
        """

    def user_get_threepids(user_id):
        """
        @return: fires with a list of L{synauth.storage.threepids.Threepid}.
        """

    def add_threepid_unless_taken(user_id, proved, added_at, access_token_id=None):
        """
        Use a proof up and bind its address to an account, unless it is another
        one's: then nothing happens.

        @param proved: a L{synauth.storage.records.ProvedAddress}.
        @param access_token_id: who asks; see L{IAccountChangeStore}.
        @return: fires with whether it is bound to this account now; errs with
            L{synauth.errors.StoreError}, 404 if there is no such account, 403
            C{M_USER_DEACTIVATED} if it is deactivated and 400
            C{M_THREEPID_AUTH_FAILED} if the proof is not there to be used.
        """

    def user_delete_threepid(user_id, medium, address):
        """
        @return: fires with whether there was such a binding.
        """


class IExternalIdStore(Interface):
    """
    Who users are elsewhere.  Every method gives a Deferred.
    """

    def record_user_external_id(auth_provider, external_id, user_id):
        """
        @param auth_provider: what the other place is called.
        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 400
            if that id is somebody else's already.
        """

    def get_external_ids_by_user(user_id):
        """
        @return: fires with a list of C{(auth_provider, external_id)}.
        """

    def get_user_by_external_id(auth_provider, external_id):
        """
        @return: fires with a user id, or C{None}.
        """


class IUserInfoStore(Interface):
    """
    What is known of an account.  Every method gives a Deferred.
    """

    def get_userinfo(user_id):
        """
        @param user_id: the exact id.
        @return: fires with a L{synauth.storage.userinfo.StoredUserInfo}, or
            C{None}.
        """

    def set_server_admin(user_id, admin):
        """
        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 404
            if there is no such account.
        """


class IAdministrationStore(Interface):
    """
    What administrators do with accounts.  Every method gives a Deferred.
    """

    def get_users_paginate(query):
        """
        @param query: a L{synauth.storage.user_list.UserQuery}.
        @return: fires with a page, a list of
            L{synauth.storage.user_list.ListedUser}, and how many accounts match
            in all.
        """

    def get_account_details(user_id):
        """
        @return: fires with an L{synauth.storage.administration.AccountDetails},
            or C{None}.
        """

    def change_account(user_id, changes):
        """
        @param changes: of the columns in
            L{synauth.storage.administration.COLUMNS}.
        @return: fires with the tokens that ended: those by which somebody who
            is no administrator any more acted as others; errs with
            L{synauth.errors.StoreError} 404 if there is no such account.
        """

    def reactivate_account(user_id):
        """
        Make an account good for logins again, with what is left of it.

        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 404
            if there is no such account.
        """

    def replace_external_ids(user_id, external_ids):
        """
        @param external_ids: all that the user is to have, pairs of provider and
            id.
        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 409
            if one is somebody else's, and then changes none.
        """

    def replace_threepids(user_id, threepids):
        """
        @param threepids: all that the user is to have, pairs of medium and
            address; new ones count as validated now.
        @return: fires with those that the user has not any more; errs with
            L{synauth.errors.MatrixError} 409 C{M_THREEPID_IN_USE} if one is
            somebody else's, and then changes none.
        """

    def add_puppet_token(owner, user_id, token, valid_until_ms):
        """
        Let an administrator act as somebody else.

        @param owner: the administrator, whose token it is.
        @param user_id: as whom.
        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 404
            if either does not exist, and as
            L{account_gate<synauth.account_state.account_gate>} if either may
            not be used.
        """
