import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { expect, it, onTestFinished } from "vitest";
import { bindPlainly } from "./plain-bind.ts";

const { bind } = AsyncResource.prototype;

function bindPlainlyInThisTest(): void {
  bindPlainly();
  onTestFinished(() => {
    AsyncResource.prototype.bind = bind;
  });
}

// Fails when a version of Node no longer does what `plain-bind.ts` is there for: that file can go then.
it("Node's own bind still gives each function a deprecated property", () => {
  expect(Object.keys(bind.call(new AsyncResource("test"), () => {}))).toEqual(["asyncResource"]);
});

it("runs the function in the context of the resource, with its arguments, and answers with its result", () => {
  bindPlainlyInThisTest();
  const storage = new AsyncLocalStorage<string>();
  const resource = storage.run("then", () => new AsyncResource("test"));
  const bound = resource.bind((...args: number[]) => [storage.getStore(), ...args]);
  expect(storage.run("now", () => bound(1, 2))).toEqual(["then", 1, 2]);
  expect(Object.keys(bound)).toEqual([]);
});

it("calls on what it is called on, and a failure passes", () => {
  bindPlainlyInThisTest();
  function readName(this: { readonly name: string }): string {
    return this.name;
  }
  const bound = new AsyncResource("test").bind(readName);
  expect(bound.call({ name: "called" })).toBe("called");
  expect(() => Reflect.apply(bound, undefined, [])).toThrow(TypeError);
});

it("calls on what it was bound to, an argument that only Node's own code gives", () => {
  bindPlainlyInThisTest();
  const { bind: plainBind } = AsyncResource.prototype;
  const read = function (this: unknown) {
    return this;
  };
  expect(Reflect.apply(plainBind, new AsyncResource("test"), [read, "bound"])()).toBe("bound");
});
