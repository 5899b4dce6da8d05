-- Events that leave the house, beside the journal.

ALTER TABLE lanes ADD COLUMN IF NOT EXISTS events
bigint NOT NULL DEFAULT 0 CONSTRAINT lanes_events_sign CHECK (events >= 0);

ALTER TABLE lanes ADD COLUMN IF NOT EXISTS told_at
timestamptz NULL CONSTRAINT lanes_told_at_given CHECK ((events = 0) = (told_at IS NULL));

CREATE TABLE IF NOT EXISTS events (
    event_no    bigint      NOT NULL,
    sequence    bigint      NOT NULL,
    told_at     timestamptz NOT NULL,
    lane        smallint    NOT NULL,
    type        text        NOT NULL,
    object_kind text        NOT NULL,
    object_id   text        NOT NULL,
    merchant    text        NOT NULL DEFAULT '',
    data        text        NULL,
    CONSTRAINT events_pkey PRIMARY KEY (lane, event_no),
    CONSTRAINT events_lane_range CHECK (lane BETWEEN 0 AND 1023),
    CONSTRAINT events_event_no_positive CHECK (event_no > 0),
    CONSTRAINT events_sequence_positive CHECK (sequence > 0),
    CONSTRAINT events_type_given CHECK (type <> ''),
    CONSTRAINT events_object_given CHECK (object_kind <> '' AND object_id <> ''),
    CONSTRAINT events_data_given CHECK (data <> '')
);

COMMENT ON COLUMN lanes.events IS 'Number of the last event that was told in the lane; 0: none yet.';
COMMENT ON COLUMN lanes.told_at IS 'Instant of the last event, UTC; null: none yet.';

COMMENT ON TABLE events IS 'Facts that leave the house: a deposit that succeeded, a payout that came back. Written in the transaction that made them true. Rows are only added.';
COMMENT ON COLUMN events.event_no IS 'Place in the lane, from 1, without gaps.';
COMMENT ON COLUMN events.sequence IS 'Place among the events of the object, from 1, without gaps.';
COMMENT ON COLUMN events.told_at IS 'When it was decided, UTC, whole microseconds. Never before that of an earlier event of the lane, or of the object.';
COMMENT ON COLUMN events.lane IS 'Lane of the journal in whose transaction it was told.';
COMMENT ON COLUMN events.type IS 'What became true.';
COMMENT ON COLUMN events.object_kind IS 'Kind of what it is about.';
COMMENT ON COLUMN events.object_id IS 'Id of what it is about.';
COMMENT ON COLUMN events.merchant IS 'Merchant whom it concerns; empty: nobody but the platform.';
COMMENT ON COLUMN events.data IS 'Payload, a JSON document, byte for byte; null: it has none.';

CREATE OR REPLACE VIEW v_events AS
SELECT 'evt_' || lpad(to_hex(e.lane::bigint), 3, '0') || '_' || lpad(to_hex(e.event_no), 12, '0') AS event, e.type, e.object_kind, e.object_id,
       e.sequence, e.merchant, e.told_at, e.data::jsonb AS data, e.lane, e.event_no
FROM events e;

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_events IS 'Events with their ids. In order of told_at, lane and event_no those of one object are in order of their sequence.';
