const MIB = 1024 * 1024;

/** Pub/Sub takes at most 1,024 bytes for an ordering key and for an attribute's value; all correlation ids share the limit. */
export const MAX_ID_BYTES = 1024;

/** Bytes of one event, as sent and inflated: with what we add it stays below the 10 MB of a Pub/Sub message. */
export const MAX_EVENT_BYTES = 9 * MIB;

/** Bytes of a batch, as sent and inflated. */
export const MAX_BATCH_BYTES = 10 * MIB;

/** Events of one batch. */
export const MAX_BATCH_EVENTS = 1000;

/** Objects and arrays within each other, counted from the event's own brace: consumers' parsers give up at 1,000 or before. */
export const MAX_DEPTH = 256;

/** Characters of a string that a check of a payload's schema reads, where the schema has no `maxLength` of its own. */
export const MAX_CHECKED_CHARACTERS = 64 * 1024;

/** Bytes of the attribute `payload_faults`; Pub/Sub takes no longer value. */
export const MAX_ATTRIBUTE_BYTES = 1024;

/** Faults of a payload that an answer lists; more are counted. */
export const MAX_WARNINGS = 20;
