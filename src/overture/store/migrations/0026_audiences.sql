-- Imports that read the platform instead of a file: who follows somebody, whom they follow, who liked a post. Each of
-- these calls has a window of its own.
ALTER TABLE import_job DROP CONSTRAINT import_job_type_check;
ALTER TABLE import_job ADD CONSTRAINT import_job_type_check
    CHECK (type IN ('csv', 'followers', 'following', 'likes'));
ALTER TABLE endpoint_rest DROP CONSTRAINT endpoint_rest_endpoint_check;
ALTER TABLE endpoint_rest ADD CONSTRAINT endpoint_rest_endpoint_check
    CHECK (endpoint IN ('conversation', 'followers', 'following', 'inbox', 'likes', 'profiles', 'usernames'));
