/**
 * Writes the values of a header table (AMQP 0-9-1, 4.2.5.5, with RabbitMQ's types) that this package sends: text,
 * integers and booleans. Returns the offset behind it. The caller sees to the room: `fieldTableSize`.
 */
export function writeFieldTable(
  buffer: Buffer,
  offset: number,
  table: Readonly<Record<string, unknown>>,
): number {
  let at = offset + 4;
  for (const name in table) at = writeField(buffer, at, name, table[name]);
  buffer.writeUInt32BE(at - offset - 4, offset);
  return at;
}

/** At most so many bytes, the length before the table included. */
export function fieldTableSize(table: Readonly<Record<string, unknown>>): number {
  let size = 4;
  for (const name in table) {
    const value = table[name];
    size += 14 + name.length * 3 + (typeof value === 'string' ? value.length * 3 : 0);
  }
  return size;
}

function writeField(buffer: Buffer, offset: number, name: string, value: unknown): number {
  if (value === undefined) return offset;
  const at = writeShortText(buffer, offset, name);
  switch (typeof value) {
    case 'string':
      return writeLongText(buffer, buffer.writeUInt8(0x53, at), value);
    case 'number':
      return writeSigned64(buffer, buffer.writeUInt8(0x6c, at), value);
    case 'boolean':
      return buffer.writeUInt8(value ? 1 : 0, buffer.writeUInt8(0x74, at));
    default:
      throw new TypeError(`header ${name} is neither text, a number nor a boolean`);
  }
}

/** @throws RangeError when it is longer than 255 bytes */
export function writeShortText(buffer: Buffer, offset: number, text: string): number {
  const length = buffer.write(text, offset + 1);
  buffer.writeUInt8(length, offset);
  return offset + 1 + length;
}

function writeLongText(buffer: Buffer, offset: number, text: string): number {
  const length = buffer.write(text, offset + 4);
  return buffer.writeUInt32BE(length, offset) + length;
}

function writeSigned64(buffer: Buffer, offset: number, value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`header value ${value} is not a whole number`);
  const low = ((value % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000;
  const high = (value - low) / 0x1_0000_0000;
  return buffer.writeUInt32BE(low, buffer.writeInt32BE(high, offset));
}
