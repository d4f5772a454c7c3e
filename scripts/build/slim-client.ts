import type { Plugin } from "esbuild";

/** Stands for generated code that no publisher runs; an accidental use fails loudly, as the members are missing. */
const NOTHING = "module.exports = {};";

/**
 * What stands in for modules of the Pub/Sub client that a publisher loads but never runs, by path below `node_modules`:
 * together two thirds of the bundle and half of its load time. `packages.slow.test.ts` publishes, fails, retries and
 * authenticates through a bundle made with these.
 */
const replacements: Readonly<Record<string, string>> = {
  // Of the client package the generated publisher alone, without the high-level client, its tracing and its queues.
  "@google-cloud/pubsub/build/src/index.js":
    'exports.v1 = { PublisherClient: require("@google-cloud/pubsub-api/build/src/v1/publisher_client.js").PublisherClient };',
  // Encoders for every message of the API, and of descriptors: `shared/publish/grpc/codec.ts` does without.
  "@google-cloud/pubsub-api/build/protos/protos.json": "{}",
  "@grpc/proto-loader/build/src/index.js": 'exports.fromJSON = () => ({ "google.pubsub.v1.Publisher": {} });',
  // The IAM, operations and location clients, and the messages of those services.
  "google-gax/build/protos/iam_service.js": NOTHING,
  "google-gax/build/protos/operations.js": NOTHING,
  "google-gax/build/protos/locations.js": NOTHING,
  "google-gax/build/src/iamService.js": "exports.IamClient = class {};",
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
      build.onLoad({ filter: /node_modules.*\.js(?:on)?$/ }, ({ path }) => {
        const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
        const contents = Object.hasOwn(replacements, name) ? replacements[name] : undefined;
        if (contents === undefined) return undefined;
        missing.delete(name);
        return { contents, loader: name.endsWith(".json") ? "json" : "js" };
      });
      build.onEnd(() => ({
        errors: [...missing].map((name) => ({ text: `slim-client: ${name} is not part of the bundle any more` })),
      }));
    },
  };
}
