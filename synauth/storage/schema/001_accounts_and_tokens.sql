-- Names, types and meanings are those of a Synapse database, a subset of the
-- columns, so that the same queries can run on either.  Booleans default to
-- '0', which SQLite of any age and PostgreSQL read alike.

CREATE TABLE users (
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    creation_ts BIGINT,
    admin SMALLINT NOT NULL DEFAULT 0,
    is_guest SMALLINT NOT NULL DEFAULT 0,
    user_type TEXT,
    deactivated SMALLINT NOT NULL DEFAULT 0,
    approved BOOLEAN,
    locked BOOLEAN NOT NULL DEFAULT '0',
    suspended BOOLEAN NOT NULL DEFAULT '0'
);

-- Logins look an account up without regard to case.
CREATE INDEX users_lower_name ON users (lower(name));

CREATE TABLE refresh_tokens (
    id BIGINT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    device_id TEXT,
    token TEXT NOT NULL UNIQUE,
    next_token_id BIGINT REFERENCES refresh_tokens (id) ON DELETE CASCADE,
    expiry_ts BIGINT,
    ultimate_session_expiry_ts BIGINT
);

CREATE INDEX refresh_tokens_user_device ON refresh_tokens (user_id, device_id);
CREATE INDEX refresh_tokens_next_token_id ON refresh_tokens (next_token_id);

CREATE TABLE access_tokens (
    id BIGINT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    device_id TEXT,
    token TEXT NOT NULL UNIQUE,
    valid_until_ms BIGINT,
    last_validated BIGINT,
    refresh_token_id BIGINT REFERENCES refresh_tokens (id) ON DELETE CASCADE,
    used BOOLEAN NOT NULL DEFAULT '0'
);

CREATE INDEX access_tokens_user_device ON access_tokens (user_id, device_id);
CREATE INDEX access_tokens_refresh_token_id ON access_tokens (refresh_token_id);

CREATE TABLE devices (
    user_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    display_name TEXT,
    last_seen BIGINT,
    ip TEXT,
    user_agent TEXT,
    UNIQUE (user_id, device_id)
);

CREATE TABLE user_threepids (
    user_id TEXT NOT NULL,
    medium TEXT NOT NULL,
    address TEXT NOT NULL,
    validated_at BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    UNIQUE (medium, address)
);

CREATE INDEX user_threepids_user_id ON user_threepids (user_id);

-- Here alone a user_id is the localpart.
CREATE TABLE profiles (
    user_id TEXT NOT NULL UNIQUE,
    displayname TEXT,
    avatar_url TEXT
);
