"use strict";

// Runs in the deployed function: plain CommonJS, staged as it is.

const { readFileSync, writeFileSync, renameSync } = require("node:fs");
const { Script, constants } = require("node:vm");
const { crc32 } = require("node:zlib");

/** Bytes of the cache's file before V8's own: a checksum. Eight, as V8 copies data that is not so aligned. */
const HEAD_BYTES = 8;

/**
 * Where the code cache of a bundle is: V8 refuses that of another version, so each Node has its own.
 *
 * @param {string} bundle
 */
function toCacheFile(bundle) {
  return `${bundle}.${process.version}-${process.arch}.cache`;
}

/**
 * Where it is while it is written.
 *
 * @param {string} bundle
 */
function toUnfinishedFile(bundle) {
  return `${toCacheFile(bundle)}.tmp`;
}

/**
 * Compiles a CommonJS bundle, with its code cache where there is one that fits. None, or one that is damaged or of another
 * source, Node, or set of V8 flags, costs time and nothing else.
 *
 * @param {string} bundle path
 */
function compileBundle(bundle) {
  const source = readFileSync(bundle);
  const cachedData = readCache(bundle, source);
  // On a line of its own, which does not count, so that every position is that of the file.
  return new Script(`(function (exports, require, module, __filename, __dirname) {\n${source}\n})`, {
    filename: bundle,
    lineOffset: -1,
    ...(cachedData && { cachedData }),
    ...(constants && { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }),
  });
}

/**
 * Writes what V8 has compiled of a bundle so far.
 *
 * @param {string} bundle path
 * @param {Script} script the bundle, as `compileBundle` made it
 */
function writeCache(bundle, script) {
  const data = script.createCachedData();
  // Whole or not at all.
  writeFileSync(toUnfinishedFile(bundle), Buffer.concat([toHead(readFileSync(bundle), data), data]));
  renameSync(toUnfinishedFile(bundle), toCacheFile(bundle));
}

/**
 * V8 trusts what it is given: altered bytes abort the process, and of the source it checks the length alone.
 *
 * @param {string} bundle
 * @param {Buffer} source
 * @returns {Buffer | undefined}
 */
function readCache(bundle, source) {
  try {
    const file = readFileSync(toCacheFile(bundle));
    const data = file.subarray(HEAD_BYTES);
    return toHead(source, data).equals(file.subarray(0, HEAD_BYTES)) ? data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {Buffer} source
 * @param {Buffer} data
 */
function toHead(source, data) {
  const head = Buffer.alloc(HEAD_BYTES);
  // The second number tells where the one ends and the other begins.
  head.writeUInt32LE(crc32(data, crc32(source)), 0);
  head.writeUInt32LE(data.length, 4);
  return head;
}

module.exports = { compileBundle, toUnfinishedFile, writeCache };
