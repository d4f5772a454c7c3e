"use strict";

// What functions-framework loads. Its name ends in `.cjs`, as the framework otherwise finds out whether it is an ES module,
// which costs every cold start 20 ms; and a bundle that it loads itself is compiled anew each time, 50 more.

const { join } = require("node:path");
const { compileBundle } = require("./code-cache.cjs");

const bundle = join(__dirname, "index.js");
compileBundle(bundle).runInThisContext()(exports, require, module, bundle, __dirname);
