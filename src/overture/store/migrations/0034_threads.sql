-- Conversations as people work with them: their order, whose they are, and what they mean to find again.

ALTER TABLE thread
    ADD COLUMN unread boolean NOT NULL DEFAULT false,
    ADD COLUMN assignee_id ident,
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN typing_indicators text NOT NULL DEFAULT 'teamDefault'
        CHECK (typing_indicators IN ('enabled', 'disabled', 'teamDefault')),
    ADD COLUMN active_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(last_message_at, created_at)) STORED;

-- A folder is read in its order, over all accounts or over some. The price: a thread leaves its page (no HOT update) with
-- every message.
CREATE INDEX thread_folder ON thread (team_id, archived, active_at, id) WHERE deleted_at IS NULL;
CREATE INDEX thread_account_folder ON thread (team_id, account_id, archived, active_at, id) WHERE deleted_at IS NULL;
CREATE INDEX thread_profile ON thread (team_id, profile_id);
CREATE INDEX thread_assignee ON thread (team_id, assignee_id, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX contact_assignee ON contact (team_id, assignee_id, id) WHERE assignee_id IS NOT NULL;

-- Words of what people wrote; nothing that is sent pays for it. The team is a word, too: an index over words takes no other
-- column without an extension.
CREATE INDEX message_words ON message
    USING gin ((array_to_tsvector(ARRAY[team_id::text]) || to_tsvector('simple', content)))
    WHERE direction = 'inbound';

-- A message sent by hand is an attempt like any other, of no campaign. `message_id`: what it is called once it is known to
-- have left; `token_id` or `member_id`: whose it is.
ALTER TABLE attempt
    ALTER COLUMN campaign_id DROP NOT NULL,
    ALTER COLUMN lead_id DROP NOT NULL,
    ALTER COLUMN sequence_version DROP NOT NULL,
    ALTER COLUMN rank DROP NOT NULL,
    ALTER COLUMN step_id DROP NOT NULL,
    ALTER COLUMN is_first DROP NOT NULL,
    ALTER COLUMN campaign_revision DROP NOT NULL,
    ADD COLUMN message_id ident,
    ADD COLUMN token_id ident,
    ADD COLUMN member_id ident,
    ADD CHECK (num_nulls(campaign_id, lead_id, sequence_version, rank, step_id, is_first, campaign_revision)
               = CASE WHEN message_id IS NULL THEN 0 ELSE 7 END);
CREATE INDEX attempt_by_hand ON attempt (team_id, profile_id, id) WHERE message_id IS NOT NULL;

-- Such a message on its way: no other leaves to the person meanwhile, whoever wants to send it.
ALTER TABLE person ADD COLUMN by_hand_id ident;

-- The attempt that a keyed call has made: what became of it is the answer.
ALTER TABLE idempotency_key ADD COLUMN attempt_id ident;
