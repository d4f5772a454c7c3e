import type * as v from "valibot";
import { anyNumbers, anyTexts, writeText } from "./any-json.ts";

/** What of valibot's objects is looked at. */
interface Shape {
  readonly type: string;
  readonly pipe?: readonly Shape[];
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly items?: readonly Shape[];
  readonly item?: Shape;
  readonly rest?: Shape;
  readonly wrapped?: Shape;
  readonly value?: Shape;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
}

/** A generator of numbers from 0 to 1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Writes JSON that a schema may well accept: of random JSON hardly any has the members that it wants.
 *
 * @param random decides; one value in twelve is something else
 */
export function writeFitting(schema: v.GenericSchema, random: () => number): string {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
  const isSometimes = (share: number) => random() < share;
  const writeString = (text: string) => writeText(text, isSometimes(0.1));

  const writeObject = (members: readonly (readonly [string, Shape | undefined])[]) => {
    const written: string[] = [];
    for (const [name, member] of members) {
      if (isSometimes(0.05)) continue;
      if (isSometimes(0.1)) written.push(`${writeString(name)}: ${write(undefined)}`);
      written.push(`${writeString(name)} :${write(member)}`);
    }
    if (isSometimes(0.2)) written.unshift(`"other":${write(undefined)}`);
    return `{${written.join(" ,")}}`;
  };

  const write = (shape: Shape | undefined): string => {
    if (!shape || isSometimes(1 / 12)) return pick(["null", "[ ]", "{ }", '""', "1", "true", '{"a":[1,"x"]}', "1e999"]);
    if (shape.pipe) return write(shape.pipe[0]);
    if (shape.entries && shape.type !== "variant") {
      const others = shape.rest ? ["x", "y", "x"].slice(Math.floor(random() * 4)) : [];
      return writeObject([...Object.entries(shape.entries), ...others.map((name) => [name, shape.rest] as const)]);
    }
    switch (shape.type) {
      case "string":
        return writeString(pick(anyTexts));
      case "number":
        return pick(anyNumbers);
      case "boolean":
        return pick(["true", "false"]);
      case "literal":
        return writeValue(shape.literal);
      case "picklist":
      case "enum":
        return writeValue(pick(shape.options ?? []));
      case "record":
        return writeObject(
          ["a", "b", "ü", "a", "x", "y"].slice(Math.floor(random() * 7)).map((name) => [name, shape.value]),
        );
      case "array":
        return `[${Array.from({ length: Math.floor(random() * 4.2) }, () => write(shape.item)).join(" , ")}]`;
      case "union":
      case "variant":
      case "intersect":
        return write(pick((shape.options as Shape[] | undefined) ?? []));
      default:
        break;
    }
    if (shape.items) {
      const rest = Array.from({ length: Math.floor(random() * 3) }, () => write(shape.rest));
      return `[${[...shape.items.map(write), ...rest].join()}]`;
    }
    return shape.wrapped && isSometimes(0.8) ? write(shape.wrapped) : "null";
  };
  const writeValue = (value: unknown) => (typeof value === "string" ? writeString(value) : JSON.stringify(value));
  return write(schema as unknown as Shape);
}
