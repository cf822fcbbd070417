-- What several processes of one server share.

-- User-interactive authentications under way.
CREATE TABLE ui_auth_sessions (
    session_id TEXT NOT NULL UNIQUE,
    creation_time BIGINT NOT NULL,
    serverdict TEXT NOT NULL,
    clientdict TEXT NOT NULL,
    uri TEXT NOT NULL,
    method TEXT NOT NULL,
    description TEXT NOT NULL
);

CREATE TABLE ui_auth_sessions_credentials (
    session_id TEXT NOT NULL
        REFERENCES ui_auth_sessions (session_id) ON DELETE CASCADE,
    stage_type TEXT NOT NULL,
    result TEXT NOT NULL,
    UNIQUE (session_id, stage_type)
);

-- What a homeserver's tables have no place for: the passwords are sealed.
CREATE TABLE synauth_session_states (
    session_id TEXT NOT NULL PRIMARY KEY
        REFERENCES ui_auth_sessions (session_id) ON DELETE CASCADE,
    last_used BIGINT NOT NULL,
    proven SMALLINT NOT NULL DEFAULT 0,
    state SMALLINT NOT NULL DEFAULT 0,
    claimed_at BIGINT,
    sealed TEXT
);

CREATE INDEX synauth_session_states_last_used
    ON synauth_session_states (proven, last_used);

-- When the bucket of each limited thing will have run empty, in ms.
CREATE TABLE synauth_rate_limits (
    bucket TEXT NOT NULL PRIMARY KEY,
    empty_at DOUBLE PRECISION NOT NULL
);

CREATE INDEX synauth_rate_limits_empty_at ON synauth_rate_limits (empty_at);

-- What was good once and has been used, until it would not be good anyway.
CREATE TABLE synauth_spent (
    token TEXT NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
);

CREATE INDEX synauth_spent_expires ON synauth_spent (expires);
