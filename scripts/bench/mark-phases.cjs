"use strict";

// Loaded ahead of a function (`--require`): notes when it gets where on its way to the first answer, and tells the process
// that started it. Times are milliseconds since the process's start.

const diagnostics = require("node:diagnostics_channel");
const Module = require("node:module");
const vm = require("node:vm");

/** @type {Record<string, number>} */
const marks = {};
/** @param {string} name */
const mark = (name) => {
  marks[name] ??= performance.now();
};

mark("node");

const load = Module._load;
/** @type {typeof load} */
Module._load = function (request, parent, isMain) {
  const isFunction = /index\.c?js$/.test(request) && parent?.filename.includes("functions-framework/build/src/loader");
  if (isFunction) mark("framework");
  const loaded = load.call(this, request, parent, isMain);
  if (isFunction) mark("evaluated");
  return loaded;
};

vm.Script = class extends vm.Script {
  /** @param {ConstructorParameters<typeof vm.Script>} args */
  constructor(...args) {
    super(...args);
    mark("compiled");
  }
};

diagnostics.subscribe("tracing:net.server.listen:asyncEnd", () => mark("listening"));
diagnostics.subscribe("http.server.request.start", () => mark("request"));
diagnostics.subscribe("http.server.response.finish", () => {
  mark("answered");
  process.send?.(marks);
});
