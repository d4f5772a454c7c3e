const METADATA_TIMEOUT_MS = 3000;
const METADATA_FLAVOR = { "metadata-flavor": "Google" };

/** There is no metadata server here: the machine is none of Google's. */
class NoMetadataServer extends Error {}

/**
 * Asks for an ID token.
 *
 * @param audience the URL that the token is for
 * @throws Error when nobody gives one
 */
export async function findIdToken(audience: string): Promise<string> {
  try {
    return await askMetadataServer(audience);
  } catch (error) {
    if (!(error instanceof NoMetadataServer)) throw error;
    return askGcloud();
  }
}

async function askMetadataServer(audience: string): Promise<string> {
  // As in all of Google's clients.
  const host = globalThis.process?.env.GCE_METADATA_HOST || "metadata.google.internal";
  const path = "/computeMetadata/v1/instance/service-accounts/default/identity";
  const signal = AbortSignal.timeout(METADATA_TIMEOUT_MS);
  const options = { headers: METADATA_FLAVOR, redirect: "error", signal } as const;
  const response = await fetch(`http://${host}${path}?audience=${encodeURIComponent(audience)}`, options).catch(
    (cause) => {
      throw new NoMetadataServer("There is no metadata server.", { cause });
    },
  );
  // Some networks answer for every name.
  if (response.headers.get("metadata-flavor") !== "Google") throw new NoMetadataServer("It is not Google's.");
  const text = (await response.text()).trim();
  if (!response.ok) throw new Error(`The metadata server gives no ID token: ${response.status} ${text.slice(0, 200)}`);
  return text;
}

/** The token of whoever is logged in; its audience cannot be chosen. */
async function askGcloud(): Promise<string> {
  // At run time: a bundle for another platform has no such module.
  const { execFile } = await import("node:child_process");
  return new Promise((resolve, reject) => {
    const options = { shell: process.platform === "win32" };
    execFile("gcloud", ["auth", "print-identity-token"], options, (cause, stdout) => {
      if (cause) reject(new Error("No ID token: there is neither a metadata server nor a login of gcloud.", { cause }));
      else resolve(stdout.trim());
    });
  });
}
