import { Client, credentials } from "@grpc/grpc-js";
import { callUnary } from "./client.ts";
import { publisherMethods } from "./protocol.ts";

/**
 * Waits until a Pub/Sub server answers a call.
 *
 * @param endpoint `host:port`
 * @param signal ends the wait, so that nothing of it is left
 * @throws ServiceError DEADLINE_EXCEEDED when none has after `timeoutMs`
 */
export async function waitUntilAnswering(endpoint: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const client = new Client(endpoint, credentials.createInsecure(), {
    "grpc.enable_http_proxy": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 500,
  });
  signal?.addEventListener("abort", () => client.close());
  try {
    const request = { project: "projects/is-anybody-there" };
    await callUnary(client, publisherMethods.ListTopics, request, { timeoutMs, waitForReady: true });
  } finally {
    client.close();
  }
}
