const METADATA_TIMEOUT_MS = 3000;
const METADATA_FLAVOR = { "metadata-flavor": "Google" };

/** There is no metadata server here, or none that answers. */
class NoMetadataServer extends Error {}

/** Whether this machine is one of Google's: then it never sends as the person who is logged in to gcloud. */
let isGoogles = false;

/**
 * Asks for an ID token.
 *
 * @param audience the URL that the token is for
 * @throws Error when nobody gives one
 */
export async function findIdToken(audience: string): Promise<string> {
  // Cloud Run sets it.
  isGoogles ||= Boolean(globalThis.process?.env.K_SERVICE);
  try {
    return await askMetadataServer(audience);
  } catch (error) {
    if (isGoogles || !(error instanceof NoMetadataServer)) throw error;
    return askGcloud();
  }
}

async function askMetadataServer(audience: string): Promise<string> {
  // As in all of Google's clients.
  const host = globalThis.process?.env.GCE_METADATA_HOST || "metadata.google.internal";
  // Without the format the token does not say whose it is.
  const path = `/computeMetadata/v1/instance/service-accounts/default/identity?format=full&audience=${encodeURIComponent(audience)}`;
  const signal = AbortSignal.timeout(METADATA_TIMEOUT_MS);
  const options = { headers: METADATA_FLAVOR, redirect: "error", signal } as const;
  const response = await fetch(`http://${host}${path}`, options).catch((cause) => {
    throw new NoMetadataServer("The metadata server does not answer.", { cause });
  });
  // Some networks answer for every name.
  if (response.headers.get("metadata-flavor") !== "Google") throw new NoMetadataServer("It is not Google's.");
  isGoogles = true;
  const text = (await response.text()).trim();
  if (!response.ok) throw new Error(`The metadata server gives no ID token: ${response.status} ${text.slice(0, 200)}`);
  return text;
}

/** The token of whoever is logged in; its audience cannot be chosen. */
async function askGcloud(): Promise<string> {
  // Not imported: a bundle for the web has no such module.
  const childProcess = globalThis.process?.getBuiltinModule?.("node:child_process");
  if (!childProcess) throw new Error("No ID token: there is neither a metadata server nor gcloud.");
  return new Promise((resolve, reject) => {
    const options = { shell: process.platform === "win32" };
    childProcess.execFile("gcloud", ["auth", "print-identity-token"], options, (cause, stdout) => {
      if (cause) reject(new Error("No ID token: there is neither a metadata server nor a login of gcloud.", { cause }));
      else resolve(stdout.trim());
    });
  });
}
