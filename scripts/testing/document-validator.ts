import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { OpenApiDocument } from "../build/openapi/document.ts";
import { toComponentName } from "../build/openapi/event-schemas.ts";

/** What somebody who has nothing but the document takes for right. */
export interface DocumentValidator {
  /** Whether a value is an event that the function takes. */
  isEvent(value: unknown): boolean;
  /** Whether a value is a batch of events that the function takes. */
  isBatch(value: unknown): boolean;
  /**
   * Checks an answer against what the document says of its path, method, status and media type.
   *
   * @throws Error that says what is not in the document, or is otherwise there
   */
  checkAnswer(method: string, path: string, response: Response, body: unknown): void;
}

interface Answer {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content: Readonly<Record<string, object>>;
}

/** Headers of an answer that mean something to a caller; where one is sent, the document must have it. */
const announced = ["Retry-After", "Allow", "Accept-Encoding"];

/**
 * Makes a validator of one function's document with a JSON Schema validator that knows nothing of valibot.
 *
 * @param domain the function's name
 */
export function createDocumentValidator(document: OpenApiDocument, domain: string): DocumentValidator {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "document");
  const compiled = new Map<string, ValidateFunction>();
  const compile = (pointer: string): ValidateFunction => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` });
    compiled.set(pointer, validate);
    return validate;
  };
  const name = toComponentName(domain);
  const isEvent = compile(`/components/requestBodies/${name}Event/content/application~1json/schema`);
  const isBatch = compile(`/components/requestBodies/${name}Batch/content/application~1json/schema`);
  return {
    isEvent: (value) => isEvent(value),
    isBatch: (value) => isBatch(value),
    checkAnswer(method, path, response, body) {
      const operation = (document.paths[path] as Record<string, object> | undefined)?.[method.toLowerCase()];
      const responses = (operation as { responses: Record<string, Answer> } | undefined)?.responses;
      const where = `${response.status} to ${method} ${path}`;
      const component = (responses?.[response.status] ?? responses?.default)?.$ref?.split("/").at(-1);
      if (!component) throw new Error(`${where}: the document has no such answer`);
      const answer = document.components.responses[component] as Answer;
      const mediaType = response.headers.get("content-type") ?? "";
      if (!answer.content[mediaType]) throw new Error(`${where}: ${component} has no ${mediaType}`);
      const content = mediaType.replace("/", "~1");
      const isDocumented = compile(`/components/responses/${component}/content/${content}/schema`);
      if (!isDocumented(body)) throw new Error(`${where}: ${ajv.errorsText(isDocumented.errors)}`);
      for (const header of announced) {
        if (response.headers.has(header) && !answer.headers?.[header]) {
          throw new Error(`${where}: ${component} has no header ${header}`);
        }
      }
    },
  };
}
