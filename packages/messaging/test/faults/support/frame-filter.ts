/** A method of the protocol, by the numbers of its class and its own. */
export interface AmqpMethod {
  classId: number;
  methodId: number;
}

export const CHANNEL_OPEN_OK: AmqpMethod = { classId: 20, methodId: 11 };
export const CHANNEL_CLOSE_OK: AmqpMethod = { classId: 20, methodId: 41 };
export const BASIC_QOS: AmqpMethod = { classId: 60, methodId: 10 };
export const BASIC_CANCEL: AmqpMethod = { classId: 60, methodId: 30 };
export const BASIC_ACK: AmqpMethod = { classId: 60, methodId: 80 };

/** Bytes that a client sends before its frames: "AMQP", and the version. */
export const PROTOCOL_HEADER = 8;
/** Bytes before a frame's payload: type, channel and size. */
const FRAME_HEAD = 7;
const METHOD_FRAME = 1;

/** Reads what one side sends frame by frame, and takes out the frames of one method. */
export class FrameFilter {
  /** Of the current frame, as far as it has come. */
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes that are passed on without a look: what comes before the frames, or the rest of one. */
  #skip: number;

  constructor(skip: number) {
    this.#skip = skip;
  }

  /** What of the data, and of what was held back before, is to be passed on now. */
  pass(data: Buffer, ignored: AmqpMethod | undefined): Buffer {
    const passed: Buffer[] = [];
    let bytes = Buffer.concat([this.#rest, data]);
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.length);
      passed.push(bytes.subarray(0, skipped));
      bytes = bytes.subarray(skipped);
      this.#skip -= skipped;
      if (bytes.length < FRAME_HEAD) break;
      const size = FRAME_HEAD + bytes.readUInt32BE(3) + 1;
      const isWhole = bytes.length >= size;
      if (bytes.readUInt8(0) === METHOD_FRAME && !isWhole) break;
      if (isWhole && ignored !== undefined && isMethod(bytes, ignored)) {
        bytes = bytes.subarray(size);
      } else this.#skip = size;
    }
    this.#rest = bytes;
    return Buffer.concat(passed);
  }
}

function isMethod(frame: Buffer, { classId, methodId }: AmqpMethod): boolean {
  if (frame.readUInt8(0) !== METHOD_FRAME) return false;
  return frame.readUInt16BE(FRAME_HEAD) === classId && frame.readUInt16BE(FRAME_HEAD + 2) === methodId;
}
