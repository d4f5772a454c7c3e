import { fileURLToPath } from "node:url";

/** Where `npm start` puts a function's bundle: apart from `dist/<name>/`, which is what is deployed. */
export function toLocalBundle(name: string): string {
  return fileURLToPath(new URL(`../../dist/local/${name}/index.cjs`, import.meta.url));
}
