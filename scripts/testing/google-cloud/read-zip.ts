import { inflateRawSync } from "node:zlib";

/**
 * Reads the files of a zip archive by its central directory.
 *
 * @returns their bytes by name; without folders
 */
export function readZip(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  let entry = archive.readUInt32LE(archive.lastIndexOf("PK\x05\x06", undefined, "latin1") + 16);
  while (archive.toString("latin1", entry, entry + 4) === "PK\x01\x02") {
    const isDeflated = archive.readUInt16LE(entry + 10) === 8;
    const compressedSize = archive.readUInt32LE(entry + 20);
    const nameLength = archive.readUInt16LE(entry + 28);
    const tailLength = archive.readUInt16LE(entry + 30) + archive.readUInt16LE(entry + 32);
    const local = archive.readUInt32LE(entry + 42);
    const name = archive.toString("utf8", entry + 46, entry + 46 + nameLength);
    // The local header repeats the name and has extra fields of its own.
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const bytes = archive.subarray(start, start + compressedSize);
    if (!name.endsWith("/")) files.set(name, isDeflated ? inflateRawSync(bytes) : bytes);
    entry += 46 + nameLength + tailLength;
  }
  return files;
}
