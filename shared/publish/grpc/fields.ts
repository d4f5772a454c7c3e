/** One field of a message; what is not bytes, text or a message has an empty value. */
interface Field {
  /** Field number and wire type, as `toTag` makes them. */
  readonly tag: number;
  readonly value: Buffer;
}

/** Bytes of the wire types that have a fixed size. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
const VARINT = 0;
const LENGTH_DELIMITED = 2;

/**
 * Reads the fields of a protobuf message in their order.
 *
 * @throws RangeError when the bytes are no protobuf message
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function* readFields(bytes: Buffer): Generator<Field> {
  let at = 0;
  const readVarint = () => {
    // Beyond 2^53 digits are lost: such a number is no tag and no length of ours.
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 63) throw new RangeError("A varint has more than 10 bytes");
    }
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const type = tag % 8;
    const size = type === LENGTH_DELIMITED ? readVarint() : type === VARINT ? 0 : FIXED_BYTES[type];
    if (type === VARINT) readVarint();
    if (tag < 8 || size === undefined || at + size > bytes.length) throw new RangeError("Not a protobuf message");
    const value = bytes.subarray(at, at + (type === LENGTH_DELIMITED ? size : 0));
    at += size;
    yield { tag, value };
  }
}
