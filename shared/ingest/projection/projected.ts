import type { MemberRoutes, Projector } from "./project.ts";

/**
 * A JSON object's members, as far as a schema names them: by their place in `shape.names`, since storing them by their
 * names costs as much as scanning them. Undefined is a member that is not there.
 */
export class Projected {
  readonly shape: MemberRoutes;
  readonly values: unknown[];
  /** The object's position, so that its entries can be walked when they are judged. */
  readonly projector: Projector | undefined;
  readonly at: number;

  constructor(shape: MemberRoutes, projector: Projector | undefined, at: number) {
    this.shape = shape;
    this.values = shape.absent.slice();
    this.projector = projector;
    this.at = at;
  }

  /** @returns a member's value by its name */
  get(name: string): unknown {
    return this.values[this.shape.names.indexOf(name)];
  }
}

const PROJECTED = Symbol("projected");

/** An object as functions of valibot's and of a schema's author see it. */
type View = Record<string, unknown> & { [PROJECTED]?: Projected };

/** It inherits nothing: an object literal would have a member `constructor` that nobody sent, and lose a `__proto__`. */
export function createView(projected: Projected): View {
  const view: View = Object.create(null);
  view[PROJECTED] = projected;
  return view;
}

/** @returns the members that are there, by their names */
export function toView(projected: Projected): View {
  const view = createView(projected);
  for (const [i, name] of projected.shape.names.entries()) {
    if (projected.values[i] !== undefined) view[name] = projected.values[i];
  }
  return view;
}

/** @returns the object that was projected, or undefined for any other value */
export function asProjected(value: unknown): Projected | undefined {
  if (value instanceof Projected) return value;
  return typeof value === "object" && value !== null ? (value as View)[PROJECTED] : undefined;
}

/** Any array, where none of its items matter. */
export const SOME_ARRAY: readonly unknown[] = Object.freeze([]);
