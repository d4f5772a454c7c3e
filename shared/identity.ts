/** Put here by the build. */
declare const PACKAGE_VERSION: string | undefined;
declare const BUILT_COMMIT: string | undefined;
declare const CONTRACT_FINGERPRINT: string | undefined;

/** What runs: `/health` answers with it, and the start line has it, so that a rollback says what it brings back. */
export const identity = {
  /** The package's version. */
  version: typeof PACKAGE_VERSION === "undefined" ? "dev" : PACKAGE_VERSION,
  /** The first 12 hex digits of the commit that it was built from, where the build knew it. */
  ...(typeof BUILT_COMMIT === "undefined" ? undefined : { commit: BUILT_COMMIT }),
  /** The fingerprint of the function's contract. */
  contract: typeof CONTRACT_FINGERPRINT === "undefined" ? "dev" : CONTRACT_FINGERPRINT,
};

/**
 * Whether V8 took the code cache that the platform's build made: `used`, `rejected`, or `missing`, as after an update of Node beneath
 * the function. Undefined where the bundle is not loaded by the deployed package.
 */
export const codeCache = (globalThis as { readonly pulsecartCodeCache?: string }).pulsecartCodeCache;
