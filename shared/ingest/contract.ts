import * as v from "valibot";
import type { PayloadChecks } from "../config.ts";
import type { Domain } from "../events/domain.ts";
import { envelope, orderId, sessionId } from "../events/envelope.ts";
import { prepare } from "../events/judging/prepare.ts";
import type { Schema } from "../events/judging/valibot.ts";
import { findEvent } from "../events/registry.ts";
import { Names } from "./names.ts";

/** One event type's schemas, prepared. */
export interface PreparedEvent {
  readonly type: string;
  readonly envelope: Schema;
  /** Undefined where the payload is free, or not checked. */
  readonly payload: Schema | undefined;
  readonly isEnforced: boolean;
}

/** What every event has, for one whose type is not known. */
export const bare = v.looseObject(envelope);

/** What one function expects of its events. An event type's schemas are prepared once, at its first event, not at the cold start. */
export class Contract {
  /** Of the fields of an envelope, whatever the event type. */
  readonly names: Names;
  readonly #domain: Domain;
  readonly #checks: PayloadChecks;

  constructor(domain: Domain, checks: PayloadChecks) {
    this.#domain = domain;
    this.#checks = checks;
    const own = Object.values(domain.events).flatMap((event) => Object.keys(event.schema.entries));
    // The fields that only some types need are read of all: they must not stand twice either.
    this.names = new Names([
      ...new Set(["event_type", ...Object.keys({ ...envelope, ...sessionId, ...orderId }), ...own]),
    ]);
  }

  /** @returns the schemas of an event type of this function; undefined when it has no such type */
  find(type: unknown): PreparedEvent | undefined {
    const found = typeof type === "string" ? findEvent(type) : undefined;
    if (found?.domain !== this.#domain) return undefined;
    const { schema, payload, enforce } = found.event;
    return {
      type: found.event.type,
      envelope: prepare(schema),
      payload: payload && this.#checks !== "off" ? prepare(payload) : undefined,
      isEnforced: enforce && this.#checks === "registry",
    };
  }
}
