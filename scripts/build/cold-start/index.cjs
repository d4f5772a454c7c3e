"use strict";

// What functions-framework loads. Its name ends in `.cjs`, as the framework otherwise finds out whether it is an ES module,
// which costs every cold start 20 ms; and a bundle that it loads itself is compiled anew each time, 50 more.

const { join } = require("node:path");
const { compileBundle } = require("./code-cache.cjs");

const bundle = join(__dirname, "index.js");
const script = compileBundle(bundle);
// For the start line. `missing` is what a newer Node than that of the build finds: Google renews it beneath a deployed function.
const states = { true: "rejected", false: "used", undefined: "missing" };
Object.assign(globalThis, { pulsecartCodeCache: states[String(script.cachedDataRejected)] });
script.runInThisContext()(exports, require, module, bundle, __dirname);
