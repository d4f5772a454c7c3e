import { AsyncResource } from "node:async_hooks";

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Has `AsyncResource.prototype.bind` return a plain function from now on, in the whole process.
 *
 * `node:http2` binds a function for each request, and Node gives that a deprecated property (DEP0172). The hidden class of its
 * accessors keeps the request's stream until V8's next major collection: a tenth of an event's CPU, see `docs/design.md`.
 */
export function bindPlainly(): void {
  AsyncResource.prototype.bind = function <F extends AnyFunction>(this: AsyncResource, fn: F, thisArg?: unknown): F {
    const resource = this;
    return function (this: unknown, ...args: unknown[]) {
      return resource.runInAsyncScope(fn, thisArg ?? this, ...args);
    } as F;
  };
}
