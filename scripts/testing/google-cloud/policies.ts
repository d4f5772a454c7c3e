import { type ApiReply, type ApiRequest, ok } from "./api.ts";

interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}

/** IAM policies by resource: read, write, and a new etag with each write. */
export class Policies {
  readonly #policies = new Map<string, { bindings: readonly Binding[]; etag: string }>();
  #writes = 0;

  /** Answers `…:getIamPolicy` and `…:setIamPolicy`; undefined for any other method. */
  answer({ path, body }: ApiRequest): ApiReply | undefined {
    const [, resource, method] = /^[^/]+\/(.+):(get|set)IamPolicy$/.exec(path) ?? [];
    if (resource === undefined) return undefined;
    if (method === "set") {
      const { policy } = body as { policy: { bindings?: readonly Binding[] } };
      this.#writes += 1;
      this.#policies.set(resource, {
        bindings: policy.bindings ?? [],
        etag: Buffer.from(`write ${this.#writes}`).toString("base64"),
      });
    }
    return ok(this.#policies.get(resource) ?? { etag: "ACAB" });
  }

  /** The members that hold each role on a resource, such as `projects/p/topics/t`. */
  grants(resource: string): Record<string, readonly string[]> {
    const { bindings = [] } = this.#policies.get(resource) ?? {};
    return Object.fromEntries(bindings.map(({ role, members }) => [role, members]));
  }
}
