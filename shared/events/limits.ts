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

/** Values inside a payload, of all its members and items at any depth: one with more is not made into values, nor checked. */
export const MAX_PAYLOAD_VALUES = 10_000;

/** Faults that the answer to a batch lists before its further events list no more than {@link MAX_WARNINGS} each. */
export const MAX_BATCH_ERRORS = 10_000;

/** Bytes of the attribute `payload_faults`; Pub/Sub takes no longer value. */
export const MAX_ATTRIBUTE_BYTES = 1024;

/** Faults of a payload that an answer lists; more are counted. */
export const MAX_WARNINGS = 20;

/** Bytes of a caller's name, as in the attribute `caller`. */
export const MAX_CALLER_BYTES = 256;
