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
