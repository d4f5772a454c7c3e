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

/** One request as a Google API sees it. */
export interface ApiRequest {
  /** The API's name in gcloud's settings: `pubsub`, `cloudfunctions`. */
  readonly api: string;
  readonly method: string;
  /** The path after the API's base URL, without a leading slash: `v1/projects/p/topics/t`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The parsed JSON body, the bytes of an upload, or undefined. */
  readonly body: unknown;
}

/** The answer: JSON by its status. */
export interface ApiReply {
  readonly status: number;
  readonly body: unknown;
}

/** Answers the requests of one API; undefined where it has no such method. */
export type Api = (request: ApiRequest) => ApiReply | undefined | Promise<ApiReply | undefined>;

export function ok(body: unknown): ApiReply {
  return { status: 200, body };
}

/** An error as Google's APIs write it. */
export function fail(status: number, reason: string, message: string): ApiReply {
  return { status, body: { error: { code: status, status: reason, message } } };
}

export function notFound(name: string): ApiReply {
  return fail(404, "NOT_FOUND", `Resource not found (resource=${name}).`);
}
