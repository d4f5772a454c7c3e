import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import type { ProjectCopy } from "../../testing/project-copy.ts";

const richPayload = `v.looseObject({
        reason: v.pipe(v.string(), v.nonEmpty(), v.maxCodePoints(200)),
        lines: v.pipe(v.array(v.looseObject({ sku: v.string(), count: v.pipe(v.number(), v.integer(), v.minValue(1)) })), v.minLength(1)),
        via: v.optional(v.variant("kind", [v.looseObject({ kind: v.literal("web") }), v.looseObject({ kind: v.literal("app"), version: v.string() })])),
        place: v.optional(v.tuple([v.number(), v.number()])),
        labels: v.optional(v.record(v.string(), v.string())),
        note: v.nullish(v.union([v.string(), v.number()])),
        kind: v.optional(v.picklist(["full", "part"])),
      })`;

/**
 * Changes a copy's registry as its owners do over the years: a type without a payload's schema, one with a rich one, a domain,
 * a type that is enforced, a member renamed, a type that moves to another domain, and one that goes.
 */
export function growRegistry(copy: ProjectCopy): void {
  const [first, ...others] = Object.values<Domain>(domains) as [Domain, ...Domain[]];
  for (const args of [
    ["event", first.name, "grown.without_schema"],
    ["event", first.name, "grown.with_schema"],
    ["domain", "grown-domain", "grown.in_new_domain"],
  ]) {
    const { code, stderr } = copy.node("scripts/new/main.ts", ...args);
    if (code !== 0) throw new Error(`npm run new -- ${args.join(" ")}: ${stderr}`);
  }
  const file = toFile(first);
  copy.edit(file, /(?<="grown\.without_schema": \{\n.*\n(?: {6}owner: .*\n)?) {6}payload: .*\n/, "");
  copy.edit(
    file,
    /(?<="grown\.with_schema": \{\n.*\n(?: {6}owner: .*\n)?) {6}payload: .*(?=,\n)/,
    `      payload: ${richPayload}`,
  );
  copy.edit(
    file,
    /(?<="grown\.with_schema": \{\n[\s\S]*sample: \{\n.*\n {8}payload: )\{\}/,
    '{ reason: "broken", lines: [{ sku: "a", count: 1 }], via: { kind: "web" } }',
  );
  const candidates = [first, ...others].flatMap((domain) =>
    Object.keys(domain.events).map((type) => ({ domain, type })),
  );
  const enforced = candidates.find(({ type }) => type === "order.placed") ?? candidates[0];
  if (!enforced) throw new Error("the registry has no type");
  copy.edit(
    toFile(enforced.domain),
    new RegExp(`(?<="${enforced.type}": \\{\\n[\\s\\S]*?)(?= {6}sample: )`),
    "      enforce: true,\n",
  );
  const last = others.at(-1) ?? first;
  const [gone] = Object.keys(last.events).slice(-1) as [string];
  copy.edit(toFile(last), toEntry(gone), "");
  const moved = candidates.findLast(({ domain, type }) => domain !== last && type !== enforced.type && type !== gone);
  if (!moved) throw new Error("the registry has no type that could move");
  moveType(copy, moved.domain, last, moved.type);
  renameMember(
    copy,
    candidates.map(({ domain, type }) => (type === moved.type ? { domain: last, type } : { domain, type })),
  );
  // What a maintainer's editor does: imports that nothing uses go, lines are wrapped.
  copy.run("biome", ["check", "--write", "--unsafe", "shared/events"]);
  copy.node("scripts/contract/main.ts", "--write");
}

function toFile(domain: Domain): string {
  return `shared/events/${domain.name}.ts`;
}

function toEntry(type: string): RegExp {
  return new RegExp(` {4}"${type.replaceAll(".", "\\.")}": \\{\\n[\\s\\S]*?\\n {4}\\},\\n`);
}

function moveType(copy: ProjectCopy, from: Domain, to: Domain, type: string): void {
  const source = copy.read(toFile(from));
  const [entry = ""] = toEntry(type).exec(source) ?? [];
  copy.edit(toFile(from), toEntry(type), "");
  copy.edit(toFile(to), /(?<=\n {2}events: \{\n)/, entry);
  // It takes along what it imports.
  for (const [, names = "", module = ""] of source.matchAll(
    /^import \{ (.*) \} from "(\.\/(?:envelope|payload)\.ts)";$/gm,
  )) {
    const used = names.split(", ").filter((name) => new RegExp(`\\b${name}\\b`).test(entry));
    const target = copy.read(toFile(to));
    const missing = used.filter((name) => !new RegExp(`^import .*\\b${name}\\b`, "m").test(target));
    if (missing.length > 0)
      copy.edit(toFile(to), /^(?=\n\/\*\*)/m, `import { ${missing.join(", ")} } from "${module}";\n`);
  }
}

/** Of the first type that has an optional member. */
function renameMember(copy: ProjectCopy, types: readonly { readonly domain: Domain; readonly type: string }[]): void {
  for (const { domain, type } of types) {
    const source = copy.read(toFile(domain));
    const [entry = ""] = toEntry(type).exec(source) ?? [];
    const [, name] = /\n {8}(\w+): v\.optional\(/.exec(entry) ?? [];
    if (name === undefined) continue;
    copy.edit(toFile(domain), toEntry(type), entry.replaceAll(new RegExp(`\\b${name}: `, "g"), `${name}_renamed: `));
    return;
  }
  throw new Error("no type has an optional member");
}
