import { HttpConnection } from "../testing/http-connection.ts";
import { createRequests } from "./load/requests.ts";
import { basePoint } from "./load-point.ts";

/** Sends one event to a server. @throws Error when the answer is not 202 */
export async function sendOne(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const connection = await HttpConnection.open(port, reject);
  connection.send(createRequests(basePoint.shape)(), resolve);
  const status = await promise;
  connection.close();
  if (status !== 202) throw new Error(`The first answer of a contender was ${status}.`);
}
