import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** Stands for generated code that no publisher runs; an accidental use fails loudly, as the members are missing. */
const NOTHING = "module.exports = {};";

/**
 * What stands in for modules of the Pub/Sub client that a publisher loads but never runs, by path below `node_modules`:
 * together two thirds of the bundle and half of its load time. `slim-client.test.ts` publishes, fails, retries and
 * authenticates through a bundle made with these.
 */
const replacements: Readonly<Record<string, string | ((source: string) => string)>> = {
  // Of the client package the generated publisher alone, without the high-level client, its tracing and its queues.
  "@google-cloud/pubsub/build/src/index.js":
    'exports.v1 = { PublisherClient: require("@google-cloud/pubsub-api/build/src/v1/publisher_client.js").PublisherClient };',
  // Every message and service of the API, of which a publisher needs one method.
  "@google-cloud/pubsub-api/build/protos/protos.json": keepPublish,
  // The IAM, operations and location clients, and the messages of those services.
  "google-gax/build/protos/iam_service.js": NOTHING,
  "google-gax/build/protos/operations.js": NOTHING,
  "google-gax/build/protos/locations.js": NOTHING,
  "google-gax/build/src/iamService.js": "exports.IamClient = class { close() {} };",
  "google-gax/build/src/operationsClient.js": NOTHING,
  "google-gax/build/src/locationService.js": NOTHING,
  // Publishing over HTTP/1.1, and uploads.
  "google-gax/build/src/fallback.js": NOTHING,
  "google-gax/build/src/resumableUpload.js": NOTHING,
  // Node has had its own web streams since version 18.
  "web-streams-polyfill/dist/ponyfill.es2018.js": 'module.exports = require("node:stream/web");',
};

/**
 * Makes the esbuild plugin that leaves out what a publisher never runs.
 *
 * @returns a plugin that fails the build when one of the replaced modules was not met: its path has moved, and the bundle
 *   would silently be as large and slow as without
 */
export function slimClient(): Plugin {
  return {
    name: "slim-client",
    setup(build) {
      const missing = new Set(Object.keys(replacements));
      build.onLoad({ filter: /node_modules.*\.js(?:on)?$/ }, async ({ path }) => {
        const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
        const replacement = Object.hasOwn(replacements, name) ? replacements[name] : undefined;
        if (replacement === undefined) return undefined;
        missing.delete(name);
        const contents = typeof replacement === "string" ? replacement : replacement(await readFile(path, "utf8"));
        return { contents, loader: name.endsWith(".json") ? "json" : "js" };
      });
      build.onEnd(() => ({
        errors: [...missing].map((name) => ({ text: `slim-client: ${name} is not part of the bundle any more` })),
      }));
    },
  };
}

/** One level of protobufjs' JSON descriptor. */
interface Descriptor {
  nested?: Record<string, Descriptor>;
  methods?: Record<string, unknown>;
}

/** Cuts the API's descriptor down to `Publisher.Publish` and its messages. */
function keepPublish(source: string): string {
  const root = JSON.parse(source) as Descriptor;
  const pubsub = find(root, "google", "pubsub", "v1");
  const publisher = find(pubsub, "Publisher");
  pubsub.nested = {
    ...pick(pubsub.nested, "PubsubMessage", "PublishRequest", "PublishResponse"),
    Publisher: { ...publisher, methods: pick(publisher.methods, "Publish") },
  };
  const protobuf = find(root, "google", "protobuf");
  protobuf.nested = pick(protobuf.nested, "Timestamp");
  const google = find(root, "google");
  google.nested = pick(google.nested, "pubsub", "protobuf");
  return JSON.stringify(root, (key, value) => (key === "options" ? undefined : value));
}

function find(descriptor: Descriptor, ...path: readonly string[]): Descriptor {
  return path.reduce((level, name) => {
    const next = level.nested?.[name];
    if (!next) throw new Error(`The client's protos.json has no ${path.join(".")} any more.`);
    return next;
  }, descriptor);
}

function pick<T>(from: Readonly<Record<string, T>> | undefined, ...names: readonly string[]): Record<string, T> {
  return Object.fromEntries(
    names.map((name) => {
      const value = from?.[name];
      if (value === undefined) throw new Error(`The client's protos.json has no ${name} any more.`);
      return [name, value];
    }),
  );
}
