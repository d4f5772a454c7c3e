import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A program named gcloud that notes how it was called and gives prepared answers. */
export interface FakeGcloud {
  /** A PATH on which it is the only gcloud. */
  readonly path: string;
  /** The arguments of each call so far. */
  calls(): Promise<string[][]>;
  close(): Promise<void>;
}

/** The shell cases of a gcloud whose login and project are in order and whose project is empty. */
export const emptyProject = `
  "version "*) echo '{"Google Cloud SDK": "528.0.0", "alpha": "2025.06.20", "beta": "2025.06.20"}' ;;
  "projects describe "*) echo 123456789012 ;;
  "alpha monitoring policies create "*) ;;
  "config get-value account"*) echo ops@example.com ;;
  "services list "*|*" monitoring "*" list "*|"monitoring dashboards list "*) echo '[]' ;;
  *" get-iam-policy "*|"run services describe "*) echo '{}' ;;
  *" describe "*) echo 'ERROR: (gcloud.x) NOT_FOUND: Resource not found (resource=x).' >&2; exit 1 ;;`;

/**
 * Puts a fake gcloud in a folder of its own.
 *
 * @param cases the branches of a shell \`case\` over the arguments, joined by spaces; the first that matches answers
 */
export async function createFakeGcloud(cases: string): Promise<FakeGcloud> {
  const folder = await mkdtemp(join(tmpdir(), "fake-gcloud-"));
  const log = join(folder, "calls");
  // One write a call: calls run side by side.
  const script = `#!/bin/sh
call=$(printf '%s\\037' "$@"; echo x)
printf '%s\\036' "\${call%x}" >> '${log}'
case "$*" in${cases}
esac
`;
  await writeFile(log, "");
  await writeFile(join(folder, "gcloud"), script);
  await chmod(join(folder, "gcloud"), 0o755);
  return {
    path: [folder, "/usr/bin", "/bin"].join(delimiter),
    calls: async () => {
      const records = (await readFile(log, "utf8")).split("\x1e").slice(0, -1);
      return records.map((record) => record.split("\x1f").slice(0, -1));
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
