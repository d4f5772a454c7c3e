import type { Plugin } from "esbuild";

/**
 * Makes the esbuild plugin that puts a function's OpenAPI document into its bundle, as one string: nothing parses it.
 *
 * The sources that the document is made from are loaded by the build and no sooner, so that one that is broken fails the
 * build, beside what esbuild itself says of it. A process that builds again after a change sees the old sources.
 *
 * @param name the function's name
 */
export function openApiDocument(name: string): Plugin {
  return {
    name: "openapi-document",
    async setup({ initialOptions, onStart }) {
      try {
        initialOptions.define = {
          ...initialOptions.define,
          OPENAPI_DOCUMENT: JSON.stringify(await printDocument(name)),
        };
      } catch (error) {
        onStart(() => ({ errors: [{ text: String(error) }] }));
      }
    },
  };
}

async function printDocument(name: string): Promise<string> {
  const { domains } = await import("../../shared/events/registry.ts");
  const { toDocument } = await import("./openapi/document.ts");
  return JSON.stringify(toDocument(domains[name as keyof typeof domains]));
}
