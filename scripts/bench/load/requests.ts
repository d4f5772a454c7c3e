/** What the requests of a measurement hold. */
export interface RequestShape {
  /**
   * Size of one event as JSON, in bytes; about, as it grows by whole order lines: up to `maxItems` in `items`, and more in a
   * member that no schema names.
   */
  readonly eventBytes: number;
  /** 500 where it is absent, which is what the schema takes. */
  readonly maxItems?: number;
  /** How many distinct users the events are drawn from. */
  readonly users: number;
  /** Events in one request; they go to the batch path when more than one. */
  readonly batchSize: number;
  /** Distinct users within one batch. */
  readonly batchUsers: number;
  /** The event type: an order, or a product view for the function of the user actions. */
  readonly eventType: "order.placed" | "product.viewed";
}

/** What the schema of an order takes. */
const MAX_ITEMS = 500;

/** Batches are taken from so many prepared ones: to write 100 events anew costs more than to answer them. */
const PREPARED_BATCHES = 50;

/** @returns a function that makes the next request, as the parts that a connection writes */
export function createRequests(shape: RequestShape): () => readonly (string | Buffer)[] {
  return shape.batchSize === 1 ? createEventRequests(shape) : createBatchRequests(shape);
}

function createEventRequests(shape: RequestShape): () => readonly (string | Buffer)[] {
  const { users } = shape;
  const [before, after] = toEventParts(shape);
  const length = before.length + toUserId(0).length + after.length;
  const start = `${toHead("/", length)}${before}`;
  // A large event's bytes stay one buffer; a small one is cheapest as one string.
  const end = after.length > 4096 ? Buffer.from(after) : after;
  const nextUser = createDraw(users);
  if (typeof end === "string") return () => [`${start}${toUserId(nextUser())}${end}`];
  return () => [`${start}${toUserId(nextUser())}`, end];
}

function createBatchRequests(shape: RequestShape): () => readonly (string | Buffer)[] {
  const [before, after] = toEventParts(shape);
  const nextUser = createDraw(shape.users);
  const prepared = Array.from({ length: PREPARED_BATCHES }, () => {
    const first = nextUser();
    const events = Array.from({ length: shape.batchSize }, (_, i) => {
      const user = (first + (i % shape.batchUsers)) % shape.users;
      return `${before}${toUserId(user)}${after}`;
    });
    const body = `[${events.join(",")}]`;
    return [Buffer.from(`${toHead("/events/batch", body.length)}${body}`)];
  });
  let next = 0;
  return () => prepared[next++ % PREPARED_BATCHES] as Buffer[];
}

function toHead(path: string, length: number): string {
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
}

/** Every id has the same length, and so every request. */
function toUserId(user: number): string {
  return `usr_${String(user).padStart(6, "0")}`;
}

/** The JSON text of an event before and after the user's id. */
function toEventParts({ eventType, eventBytes, maxItems = MAX_ITEMS }: RequestShape): [string, string] {
  const toAfter = (lines: number) => {
    const items = Array.from({ length: lines }, (_, i) => ({
      product_id: `prod_${String(i).padStart(5, "0")}`,
      quantity: 1 + (i % 3),
      unit_price: 89.99,
    }));
    const order = { currency: "EUR", shipping: { method: "standard", country: "DE" }, total: 89.99 };
    const more = items.length > maxItems ? { more_items: items.slice(maxItems) } : {};
    const view = eventType === "product.viewed" ? { product_id: "prod_00000" } : {};
    const payload = { ...view, ...order, items: items.slice(0, maxItems), ...more };
    return `","order_id":"ord_20771","payload":${JSON.stringify(payload)}}`;
  };
  const before = `{"event_type":"${eventType}","user_id":"`;
  const empty = before.length + toUserId(0).length + toAfter(0).length;
  const line = toAfter(2).length - toAfter(1).length;
  return [before, toAfter(Math.max(1, Math.round((eventBytes - empty) / line)))];
}

/** Draws users evenly, and the same ones in each measurement. */
function createDraw(users: number): () => number {
  let state = 0x2545f491;
  return () => {
    // A linear congruential generator (Numerical Recipes); its high bits are the good ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * users);
  };
}
