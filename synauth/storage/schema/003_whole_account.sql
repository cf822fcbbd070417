-- Columns and tables of a Synapse database, as in 001.

ALTER TABLE users ADD COLUMN appservice_id TEXT;
ALTER TABLE users ADD COLUMN consent_version TEXT;
ALTER TABLE users ADD COLUMN consent_ts BIGINT;
ALTER TABLE users ADD COLUMN shadow_banned BOOLEAN NOT NULL DEFAULT '0';

-- Administrators who use a token of their own as somebody else.
ALTER TABLE access_tokens ADD COLUMN puppets_user_id TEXT;

-- Who asked, when they left, that what they wrote be forgotten.
CREATE TABLE erased_users (
    user_id TEXT NOT NULL UNIQUE
);

CREATE TABLE registration_tokens (
    token TEXT NOT NULL UNIQUE,
    uses_allowed INTEGER,
    pending INTEGER NOT NULL DEFAULT 0,
    completed INTEGER NOT NULL DEFAULT 0,
    expiry_time BIGINT
);

-- Proofs that somebody has an address, under way and given.
CREATE TABLE threepid_validation_session (
    session_id TEXT NOT NULL PRIMARY KEY,
    medium TEXT NOT NULL,
    address TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    last_send_attempt BIGINT NOT NULL,
    validated_at BIGINT
);

CREATE INDEX threepid_validation_session_address
    ON threepid_validation_session (medium, address, client_secret);

CREATE TABLE threepid_validation_token (
    token TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL,
    next_link TEXT,
    expires BIGINT NOT NULL
);

CREATE INDEX threepid_validation_token_session_id
    ON threepid_validation_token (session_id);
CREATE INDEX threepid_validation_token_expires
    ON threepid_validation_token (expires);

-- The sessions that hold a use of a registration token; those that have not
-- expired are what "pending" counts.
CREATE TABLE synauth_registration_holds (
    session_id TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL,
    expires BIGINT NOT NULL
);

CREATE INDEX synauth_registration_holds_token
    ON synauth_registration_holds (token, expires);
