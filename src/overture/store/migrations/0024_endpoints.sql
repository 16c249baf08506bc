-- The windows of look-ups and of conversations are kept as that of inboxes is.

ALTER TABLE endpoint_rest DROP CONSTRAINT endpoint_rest_endpoint_check;
ALTER TABLE endpoint_rest ADD CONSTRAINT endpoint_rest_endpoint_check
    CHECK (endpoint IN ('conversation', 'inbox', 'profiles', 'usernames'));
