/**
 * Makes the sample of an event as it arrives on its topic.
 *
 * @param sample as a caller sends it
 */
export function toMessageSample(sample: object): Readonly<Record<string, unknown>> {
  return { event_id: "evt_3f2b8c1d9e4a45f6b7c8d9e0f1a2b3c4", timestamp: "2026-01-31T12:00:00.000Z", ...sample };
}
