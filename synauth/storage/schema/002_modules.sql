-- Who users are elsewhere.
CREATE TABLE user_external_ids (
    auth_provider TEXT NOT NULL,
    external_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    UNIQUE (auth_provider, external_id)
);

CREATE INDEX user_external_ids_user_id ON user_external_ids (user_id);

-- The files of modules' own tables that have been applied.
CREATE TABLE applied_module_schemas (
    module_name TEXT NOT NULL,
    file TEXT NOT NULL,
    UNIQUE (module_name, file)
);
