import * as v from "valibot";
import type { PayloadChecks } from "../../config.ts";
import type { DefinedEvent, Domain } from "../../events/domain.ts";
import { envelope, orderId, sessionId } from "../../events/envelope.ts";
import { findEvent } from "../../events/registry.ts";
import { type Compiled, compile } from "./compile.ts";
import { ANY_TEXT, FREE_OBJECT } from "./plan.ts";
import { type MemberRoutes, type Route, toMemberRoutes, toRoute } from "./project.ts";

/** One event type's schemas, ready for the scan. */
export interface CompiledEvent {
  readonly envelope: Compiled;
  /** Undefined where the payload is free, or not checked. */
  readonly payload: (Compiled & { readonly route: Route }) | undefined;
  readonly isEnforced: boolean;
}

const anyObject = toRoute(FREE_OBJECT);
const anyText = toRoute(ANY_TEXT);

/** What one function expects of its events. An event type's schemas are compiled at its first event, not at the cold start. */
export class Contract {
  readonly domain: Domain;
  /** The fields of an envelope, whatever the event type: what is read of every event. */
  readonly members: MemberRoutes;
  readonly #checks: PayloadChecks;
  readonly #compiled = new Map<DefinedEvent, CompiledEvent>();
  #bare: Compiled | undefined;

  constructor(domain: Domain, checks: PayloadChecks) {
    this.domain = domain;
    this.#checks = checks;
    const own = Object.values(domain.events).flatMap((event) => Object.keys(event.schema.entries));
    // The fields that only some types need are read of all: they must not stand twice either.
    const names = new Set(["event_type", ...Object.keys({ ...envelope, ...sessionId, ...orderId }), ...own]);
    this.members = toMemberRoutes(
      [...names].map((name) => [name, name === "payload" ? anyObject : anyText]),
      true,
    );
  }

  /** @returns the schemas of an event type of this function; undefined when it has no such type */
  find(type: unknown): CompiledEvent | undefined {
    const found = typeof type === "string" ? findEvent(type) : undefined;
    if (found?.domain !== this.domain) return undefined;
    let compiled = this.#compiled.get(found.event);
    if (!compiled) {
      compiled = compileEvent(found.event, this.#checks);
      this.#compiled.set(found.event, compiled);
    }
    return compiled;
  }

  /** The schema of what every event has, for one whose type is not known. */
  get bare(): Compiled {
    this.#bare ??= compile(v.looseObject(envelope), "");
    return this.#bare;
  }
}

/**
 * Compiles one event type.
 *
 * @throws {UnsupportedSchema} when one of its schemas cannot be projected
 */
export function compileEvent(event: DefinedEvent, checks: PayloadChecks): CompiledEvent {
  const payload = checks === "off" || !event.payload ? undefined : compile(event.payload, "payload");
  return {
    envelope: compile(event.schema, event.type),
    payload: payload && { ...payload, route: toRoute({ ...payload.plan, members: payload.plan.members ?? new Map() }) },
    isEnforced: event.enforce && checks === "registry",
  };
}
