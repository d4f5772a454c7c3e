/** The caller's AsyncLocalStorage and trace, as they were when it was captured. */
export interface Context {
  run<T>(work: () => T): T;
}

// Not imported: a bundle for the web has no such module, and needs none.
const hooks = globalThis.process?.getBuiltinModule?.("node:async_hooks");

/** @returns the context of whoever calls */
export function captureContext(): Context {
  if (!hooks) return { run: (work) => work() };
  const resource = new hooks.AsyncResource("PulseCartEvent", { requireManualDestroy: true });
  return { run: (work) => resource.runInAsyncScope(work) };
}

/** No caller's: that in which this module was loaded. */
export const noContext: Context = captureContext();
