-- What a proof of an address was asked for, which is all that it is good for.
ALTER TABLE threepid_validation_session
    ADD COLUMN synauth_purpose TEXT NOT NULL DEFAULT '';
