import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type * as Client from "../../../shared/client/index.ts";
import { commerce } from "../../../shared/events/commerce.ts";

/** What a caller is told: how to send, and how much. */
export interface CallerCommand {
  readonly way: "send" | "sender";
  readonly events: number;
  readonly perSecond: number;
}

/** A caller that sends through the staged client package, in a process of its own. */
export interface CallerProcess {
  /**
   * Sends at an even pace, and waits for every outcome.
   *
   * @returns CPU seconds that it took the caller
   * @throws Error when an event is not accepted
   */
  run(command: CallerCommand): Promise<number>;
  close(): void;
}

/** @param url of the function `commerce` */
export function startCallerProcess(url: string): CallerProcess {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [url]);
  const ended = once(child, "exit").then(() => [{ failed: "The caller ended." }]);
  return {
    async run(command) {
      child.send(command);
      const [report] = (await Promise.race([once(child, "message"), ended])) as [
        { failed?: string; cpuSeconds: number },
      ];
      if (report.failed !== undefined) throw new Error(report.failed);
      return report.cpuSeconds;
    },
    close: () => child.disconnect(),
  };
}

const TICK_MS = 5;
const USERS = 1000;

async function send(url: string, { way, events, perSecond }: CallerCommand): Promise<number> {
  const staged = new URL("../../../dist/client/index.js", import.meta.url);
  const { createClient, createSender } = (await import(staged.href)) as typeof Client;
  const client = createClient({ urls: { commerce: url } });
  const through = way === "send" ? client : createSender(client);
  const sample = commerce.events["order.placed"].sample as unknown as Client.EventOf<"order.placed">;
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const sent: Promise<unknown>[] = [];
  while (sent.length < events) {
    const due = Math.min(events, Math.floor(((performance.now() - startedAt) / 1000) * perSecond));
    while (sent.length < due) sent.push(through.send({ ...sample, user_id: `usr_${sent.length % USERS}` }));
    await sleep(TICK_MS);
  }
  await Promise.all(sent);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

if (import.meta.main) {
  const [url = ""] = process.argv.slice(2);
  process.on("message", (command: CallerCommand) => {
    send(url, command).then(
      (cpuSeconds) => process.send?.({ cpuSeconds }),
      (error) => process.send?.({ failed: String(error) }),
    );
  });
  process.on("disconnect", () => process.exit());
}
