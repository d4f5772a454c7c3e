import { AsyncResource } from "node:async_hooks";

/** A function of any kind, as `AsyncResource.bind` takes it. */
type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Has `AsyncResource.prototype.bind` return a plain function from now on, in the whole process.
 *
 * `node:http2` binds a function for each request, and Node gives that a deprecated property (DEP0172), with accessors whose
 * prototypes it sets. Their hidden classes live in V8's old generation and hold the stream that the function belongs to: of
 * the 13 KB that a call allocates, 3.6 outlived it until the next major collection; without them 2.3, and no accessors.
 */
export function bindPlainly(): void {
  AsyncResource.prototype.bind = function bind<F extends AnyFunction>(
    this: AsyncResource,
    fn: F,
    thisArg?: unknown,
  ): F {
    const resource = this;
    return function bound(this: unknown, ...args: unknown[]) {
      return resource.runInAsyncScope(fn, thisArg ?? this, ...args);
    } as F;
  };
}
