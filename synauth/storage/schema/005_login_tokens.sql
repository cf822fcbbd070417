-- Login tokens that end with the login that asked for them, until somebody logs
-- in with one.  A login without a device has an empty device_id here.
CREATE TABLE synauth_login_tokens (
    token TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    expires BIGINT NOT NULL
);

CREATE INDEX synauth_login_tokens_login ON synauth_login_tokens (user_id, device_id);
CREATE INDEX synauth_login_tokens_expires ON synauth_login_tokens (expires);
